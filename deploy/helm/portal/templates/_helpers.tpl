{{- define "portal.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "portal.selector" -}}
app.kubernetes.io/name: portal
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "portal.labels" -}}
{{ include "portal.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "portal.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- /* What every container of the portal is allowed: nothing but to run. */ -}}
{{- define "portal.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop:
    - ALL
{{- end -}}

{{- define "portal.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- /* Secrets come as files, of which the environment has the names. */ -}}
{{- define "portal.secretFiles" -}}
{{- $keys := .Values.secrets.keys -}}
- name: PORTAL_SESSION_KEYS_FILE
  value: /run/secrets/portal/session-keys
- name: PORTAL_DATABASE_URL_FILE
  value: /run/secrets/portal/database-url
{{- if $keys.oidcClientSecret }}
- name: PORTAL_OIDC_CLIENT_SECRET_FILE
  value: /run/secrets/portal/oidc-client-secret
{{- end }}
{{- if $keys.oidcClientKey }}
- name: PORTAL_OIDC_CLIENT_KEY_FILE
  value: /run/secrets/portal/oidc-client-key
{{- end }}
{{- if $keys.auditKeys }}
- name: PORTAL_AUDIT_KEYS_FILE
  value: /run/secrets/portal/audit-keys
{{- end }}
{{- if $keys.tokenExchangeClientSecret }}
- name: PORTAL_TOKEN_EXCHANGE_CLIENT_SECRET_FILE
  value: /run/secrets/portal/token-exchange-client-secret
{{- end }}
{{- if $keys.otlpHeaders }}
- name: OTEL_EXPORTER_OTLP_HEADERS
  valueFrom:
    secretKeyRef:
      name: {{ .Values.secrets.existingSecret }}
      key: {{ $keys.otlpHeaders }}
{{- end }}
{{- end -}}

{{- define "portal.secretVolume" -}}
{{- $keys := .Values.secrets.keys -}}
- name: secrets
  secret:
    secretName: {{ .Values.secrets.existingSecret }}
    defaultMode: 0440
    items:
      - key: {{ $keys.sessionKeys }}
        path: session-keys
      - key: {{ $keys.databaseURL }}
        path: database-url
      {{- if $keys.oidcClientSecret }}
      - key: {{ $keys.oidcClientSecret }}
        path: oidc-client-secret
      {{- end }}
      {{- if $keys.oidcClientKey }}
      - key: {{ $keys.oidcClientKey }}
        path: oidc-client-key
      {{- end }}
      {{- if $keys.auditKeys }}
      - key: {{ $keys.auditKeys }}
        path: audit-keys
      {{- end }}
      {{- if $keys.tokenExchangeClientSecret }}
      - key: {{ $keys.tokenExchangeClientSecret }}
        path: token-exchange-client-secret
      {{- end }}
{{- end -}}
