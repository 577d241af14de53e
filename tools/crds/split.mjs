// Splits what the chart draws into a file for each object: Kubernetes' own below own, and those of others below others.
// Those of others are checked here, by the schemas of their makers' packages.
//
//   node split.mjs DRAWN FOLDER
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

const others = {
  'gateway.networking.k8s.io/v1': await import('@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1'),
  'monitoring.coreos.com/v1': await import('@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1'),
};

const [drawn, folder] = process.argv.slice(2);
for (const kind of ['own', 'others']) mkdirSync(join(folder, kind));
for (const document of parseAllDocuments(readFileSync(drawn, 'utf8'))) {
  const object = document.toJS();
  if (!object) continue;
  const made = others[object.apiVersion];
  if (made) {
    if (!made[object.kind]) throw new Error(`${drawn}: no schema of ${object.apiVersion} ${object.kind}`);
    new made[object.kind](object).validate();
  }
  writeFileSync(join(folder, made ? 'others' : 'own', `${object.kind}-${object.metadata.name}.yaml`), String(document));
}
