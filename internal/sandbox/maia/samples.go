package maia

import "slices"

// Ids of the sample data. They never change: documents name them.
const (
	ProjectFinance   = "5d1c6f0e-3b0a-4a58-9a1e-1f5f0c2b7a01"
	ProjectMarketing = "5d1c6f0e-3b0a-4a58-9a1e-1f5f0c2b7a02"
	ProjectSandbox   = "5d1c6f0e-3b0a-4a58-9a1e-1f5f0c2b7a03"

	AgentAWS        = "8e2b9d44-70c3-4d7e-8c55-2a9e6b1f4c01"
	AgentAzure      = "8e2b9d44-70c3-4d7e-8c55-2a9e6b1f4c02"
	AgentHosted     = "8e2b9d44-70c3-4d7e-8c55-2a9e6b1f4c03"
	AgentRestricted = "8e2b9d44-70c3-4d7e-8c55-2a9e6b1f4c04"
	AgentStopped    = "8e2b9d44-70c3-4d7e-8c55-2a9e6b1f4c05"
	AgentStreaming  = "8e2b9d44-70c3-4d7e-8c55-2a9e6b1f4c06"
	AgentPaused     = "8e2b9d44-70c3-4d7e-8c55-2a9e6b1f4c07"
)

// Project is a sample project.
type Project struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

var projects = []Project{
	{
		ID:          ProjectFinance,
		Name:        "Finance – nightly loads",
		Description: "Ledger and invoices, every night at two",
	},
	{
		ID:          ProjectMarketing,
		Name:        "Marketing analytics",
		Description: "Campaigns, consent and web analytics",
	},
	{
		ID:          ProjectSandbox,
		Name:        "Sandbox",
		Description: "To try things out",
	},
}

// Agent is a sample agent.
type Agent struct {
	// ID, Name and Description are what Maia lists.
	ID, Name, Description string
	// AgentType is the agentType of a secret reference for this agent's projects: AWS, Azure or
	// Matillion hosted; streaming for the one that cannot be used for references.
	AgentType string
	// Kind is what Maia's list of agents calls agentType: data_productivity_cloud or streaming.
	Kind string
	// CloudProvider, Deployment and Status are Maia's words, too.
	CloudProvider, Deployment, Status string
	// Support is Maia's word for whether Matillion supports the version; empty for supported.
	Support string
	// Disconnected tells that the agent runs, but Maia does not reach it.
	Disconnected bool
	// Projects are those that may use the agent, where its access is restricted.
	Projects []string
}

// Restricted tells whether only some projects may use the agent.
func (a Agent) Restricted() bool { return a.Projects != nil }

// Running tells whether Maia says that the agent runs.
func (a Agent) Running() bool { return a.Status == "running" }

// Answers tells whether a value that is sent to the agent is stored at once.
func (a Agent) Answers() bool { return a.Running() && !a.Disconnected }

// Paused tells whether the agent queues what it is sent.
func (a Agent) Paused() bool { return a.Status == "paused" }

// agents begins with one of each reference type that works for every project.
var agents = []Agent{
	{
		ID:            AgentAWS,
		Name:          "aws-fargate-eu",
		AgentType:     "AWS",
		Kind:          "data_productivity_cloud",
		CloudProvider: "aws",
		Deployment:    "fargate",
		Status:        "running",
		Description:   "AWS Secrets Manager in eu-west-1",
	},
	{
		ID:            AgentAzure,
		Name:          "azure-aks-eu",
		AgentType:     "Azure",
		Kind:          "data_productivity_cloud",
		CloudProvider: "azure",
		Deployment:    "aks",
		Status:        "running",
		Description:   "Azure Key Vault maia-sandbox-kv",
	},
	{
		ID:            AgentHosted,
		Name:          "matillion-hosted",
		AgentType:     "Matillion hosted",
		Kind:          "data_productivity_cloud",
		CloudProvider: "aws",
		Deployment:    "matillion_hosted",
		Status:        "running",
		Description:   "Run by Matillion",
	},
	{
		ID:            AgentRestricted,
		Name:          "aws-eks-finance",
		AgentType:     "AWS",
		Kind:          "data_productivity_cloud",
		CloudProvider: "aws",
		Deployment:    "eks",
		Status:        "running",
		Description:   "For the finance project only",
		Projects:      []string{ProjectFinance},
	},
	{
		ID:            AgentStopped,
		Name:          "aws-fargate-old",
		AgentType:     "AWS",
		Kind:          "data_productivity_cloud",
		CloudProvider: "aws",
		Deployment:    "fargate",
		Status:        "stopped",
		Description:   "Stopped: it never answers",
	},
	{
		ID:            AgentStreaming,
		Name:          "aws-streaming",
		AgentType:     "streaming",
		Kind:          "streaming",
		CloudProvider: "aws",
		Deployment:    "fargate",
		Status:        "running",
		Description:   "Streaming agents use no secret references",
	},
	{
		ID:            AgentPaused,
		Name:          "azure-aks-paused",
		AgentType:     "Azure",
		Kind:          "data_productivity_cloud",
		CloudProvider: "azure",
		Deployment:    "aks",
		Status:        "paused",
		Description:   "Paused: it queues what it is sent",
	},
}

// allAgents are the sample agents, and more of them that are listed on a switch: each of Maia's states, and each thing
// that can stand against an agent.
var allAgents = append(slices.Clone(agents),
	more("08", "aws-eks-stopping", "AWS", "aws", "stopping", Agent{}),
	more("09", "azure-aks-pausing", "Azure", "azure", "pausing", Agent{}),
	more("10", "aws-ecs-pending", "AWS", "aws", "pending", Agent{}),
	more("11", "azure-aci-unknown", "Azure", "azure", "unknown", Agent{}),
	more("12", "azure-aks-marketing", "Azure", "azure", "running", Agent{Projects: []string{ProjectMarketing}}),
	more("13", "aws-eks-nobody", "AWS", "aws", "running", Agent{Projects: []string{}}),
	more("14", "aws-fargate-cut-off", "AWS", "aws", "running", Agent{Disconnected: true}),
	more("15", "azure-aks-2023", "Azure", "azure", "running", Agent{Support: "unsupported"}),
	more("16", "snowflake-native", "Snowflake", "snowflake", "running", Agent{}),
	more("17", "gcp-gke-eu", "GCP", "gcp", "running", Agent{}),
)

// more makes an agent. Its id ends with number; with has what is special about it.
func more(number, name, agentType, cloud, status string, with Agent) Agent {
	with.ID = "8e2b9d44-70c3-4d7e-8c55-2a9e6b1f4c" + number
	with.Name = name
	with.Description = "Listed on a switch"
	with.AgentType = agentType
	with.Kind = "data_productivity_cloud"
	with.CloudProvider = cloud
	with.Deployment = "kubernetes"
	with.Status = status
	return with
}

// Projects lists the sample projects.
func Projects() []Project { return slices.Clone(projects) }

// Agents lists the sample agents. The first one of each AgentType works for every project.
func Agents() []Agent {
	list := slices.Clone(agents)
	for i := range list {
		list[i].Projects = slices.Clone(list[i].Projects)
	}
	return list
}

func projectExists(id string) bool {
	return slices.ContainsFunc(projects, func(p Project) bool { return p.ID == id })
}
