// node objects.mjs COUNT SEED: objects of a cluster, and the entities that the real ingestor makes of them.
// Rows: {config, cluster, crds, definitions, compositions, namespaces, object, expected, accepted}; `accepted` is what the real
// catalog backend says of each entity.
import { judge } from './backend.mjs';
import { deep, load, random, silent } from './packages.mjs';

const { ConfigReader } = load('@backstage/config');
const { KubernetesEntityProvider } = deep('@terasky/backstage-plugin-kubernetes-ingestor/dist/providers/EntityProvider.cjs.js');
const { KubernetesDataProvider } = deep('@terasky/backstage-plugin-kubernetes-ingestor/dist/providers/KubernetesDataProvider.cjs.js');
const [count, seed] = [Number(process.argv[2] ?? 100), Number(process.argv[3] ?? 1)];
const { below, pick, chance } = random(seed * 2654435761);

const crd = (group, kind, plural) => ({ spec: { group, names: { kind, plural } } });
const crds = [crd('example.org', 'Database', 'databases'), crd('example.org', 'XDatabase', 'xdatabases'), crd('example.org', 'App', 'apps')];
const definition = (scope, kind, plural) => ({ spec: { scope, group: 'example.org', names: { kind, plural }, versions: [{ name: 'v1' }, { name: 'v1beta1' }] } });
const definitions = [definition('Namespaced', 'App', 'apps'), definition('Cluster', 'Network', 'networks'), definition('LegacyCluster', 'XOld', 'xolds')];
const compositions = [
  { metadata: { name: 'piped' }, spec: { pipeline: [{ functionRef: { name: 'a' } }, { functionRef: { name: 'b' } }, { functionRef: { name: 'a' } }, { step: 'x' }] } },
  { metadata: { name: 'plain' }, spec: {} },
];
const namespaces = [
  { metadata: { name: 'shop', annotations: { 'terasky.backstage.io/owner': 'shop-team', 'acme.io/owner': 'user:x/bob' } } }, { metadata: { name: 'bare' } },
];
const prefixes = ['terasky.backstage.io', 'acme.io'];
const annotations = {
  name: ['other', ''], title: ['A title'], description: ['Some words'], owner: ['team-b', 'user:default/bob', ''], system: ['x/sys', ''], 'system-type': ['area'], domain: ['sales'],
  lifecycle: ['experimental'], 'component-type': ['thing'], 'backstage-namespace': ['ns'], 'backstage-tags': ['a:b, C d:E!f\nx:y', 'novalue', ':x,y:', 'size:' + 'z'.repeat(80)],
  dependsOn: ['component:a, resource:b\ncomponent:c', '', ' , '], providesApis: ['one,two', ''], consumesApis: ['three', ''], 'subcomponent-of': ['whole'],
  links: ['[{"url":"https://x","title":"X","extra":1}]', 'not json', '[null]', '{"a":1}', '[]', '[1]'],
  'component-annotations': ['a=b, c = d=e\n=x,y=', 'backstage.io/managed-by-location=mine'], 'kubernetes-label-selector': ['app=x'],
  'source-code-repo-url': ['https://github.com/acme/x'], 'source-branch': ['dev'], 'techdocs-path': ['docs'], 'provides-api-from-def': ['https://github.com/acme/x/blob/main/api.yaml'],
};
const foreign = { 'argocd.argoproj.io/tracking-id': ['shop:apps/Deployment:x/y', ':x', ''], other: ['x'], 'kubectl.kubernetes.io/last-applied-configuration': ['{}'] };
const kinds = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Ingress', 'NetworkPolicy', 'Proxy', 'Gateway', 'Redis', 'Alias', 'Index', 'Analysis', 'Status', 'Endpoints', 'Box', 'Batch', 'Series', 'Bus', 'Day'];

function config() {
  const made = { mappings: {} };
  const maybe = (target, key, values) => chance(0.4) && (target[key] = pick(values));
  maybe(made, 'annotationPrefix', prefixes);
  maybe(made, 'defaultOwner', ['nobody']);
  maybe(made, 'inheritOwnerFromNamespace', [true]);
  maybe(made, 'argoIntegration', [false, true]);
  maybe(made.mappings, 'nameModel', ['name', 'uid', 'name-kind', 'Name-Cluster', 'name-namespace']);
  maybe(made.mappings, 'titleModel', ['name', 'name-cluster', 'name-namespace']);
  maybe(made.mappings, 'systemModel', ['cluster', 'namespace', 'cluster-namespace', 'none', 'default']);
  maybe(made.mappings, 'namespaceModel', ['cluster', 'namespace', 'default']);
  maybe(made.mappings, 'referencesNamespaceModel', ['same', 'default', 'odd']);
  maybe(made, 'clusterNameMapping', [
    { mode: 'prefix-replacement', sourcePrefix: 'sa-', targetPrefix: 'oidc-' }, { mode: 'explicit', mappings: { 'sa-dev': 'oidc-dev', prod: 'oidc-prod' } }, { mode: 'odd' },
  ]);
  if (chance(0.2)) made.components = { ingestAsResources: true };
  if (chance(0.2)) made.crossplane = { claims: { ingestAsResources: true } };
  return { kubernetesIngestor: made };
}

function object() {
  const metadata = { name: pick(['svc', 'db', 'n'.repeat(60)]), uid: '1-2-3' };
  if (chance(0.8)) metadata.namespace = pick(['shop', 'bare', 'gone']);
  if (chance(0.6)) metadata.labels = pick([{ app: 'x', tier: 'y' }, { app: 'x' }, {}]);
  if (chance(0.9)) {
    metadata.annotations = {};
    const prefix = pick(prefixes);
    for (const [key, values] of Object.entries(annotations)) if (chance(0.25)) metadata.annotations[`${prefix}/${key}`] = pick(values);
    for (const [key, values] of Object.entries(foreign)) if (chance(0.3)) metadata.annotations[key] = pick(values);
  }
  const which = below(3);
  if (which === 0) {
    const made = { apiVersion: pick(['apps/v1', 'batch/v1', 'v1']), kind: pick(kinds), metadata, spec: {} };
    if (chance(0.5)) made.spec.template = { metadata: { labels: pick([{ app: 'x' }, { tier: '' }, { z: 'x' }]) } };
    if (chance(0.3)) made.workloadType = 'custom';
    if (chance(0.3)) made.ingestAsResources = pick([true, false]);
    return made;
  }
  if (which === 1) {
    const spec = { resourceRef: pick([{ apiVersion: 'example.org/v1', kind: 'XDatabase', name: 'svc-x1' }, { name: 'only' }, {}]) };
    if (chance(0.7)) spec.compositionRef = { name: pick(['piped', 'plain', 'gone']) };
    return { apiVersion: 'example.org/v1', kind: pick(['Database', 'Database', 'Unserved']), metadata, spec };
  }
  const spec = { crossplane: pick([{ compositionRef: { name: 'piped' } }, { compositionRef: { name: 'plain' } }, {}]) };
  return { apiVersion: pick(['example.org/v1', 'example.org/v1beta1', 'example.org/v9']), kind: pick(['App', 'Network', 'XOld']), metadata, spec };
}

for (let index = 0; index < count; index++) {
  const row = { config: config(), cluster: pick(['sa-dev', 'prod', 'oidc-x']), crds, definitions, compositions, namespaces, object: object() };
  const reader = new ConfigReader(row.config);
  const fetcher = {
    proxyKubernetesRequest: async (_, { path }) => namespaces.find(namespace => path.endsWith(`/${namespace.metadata.name}`)),
    fetchResources: async () => compositions,
  };
  const provider = new KubernetesEntityProvider({}, silent, reader, fetcher, {});
  const data = new KubernetesDataProvider(fetcher, reader, silent);
  const given = { ...structuredClone(row.object), clusterName: row.cluster };
  const composition = given.spec.crossplane?.compositionRef?.name || given.spec.compositionRef?.name;
  if (composition) given.compositionData = { name: composition, usedFunctions: data.extractUsedFunctions(compositions.find(it => it.metadata.name === composition)) };
  const lookup = {};
  for (const it of definitions.filter(it => it.spec.scope !== 'LegacyCluster')) {
    for (const version of it.spec.versions) {
      const key = `${it.spec.names.kind}|${it.spec.group}|${version.name}`;
      lookup[key] = lookup[key.toLowerCase()] = { ...it, scope: it.spec.scope };
    }
  }
  const mapping = Object.fromEntries(crds.map(it => [`${it.spec.group}|${it.spec.names.kind}`, it.spec.names.plural]));
  const { entities } = await provider.classifyAndTranslateResource(given, true, false, lookup, {}, mapping);
  const expected = JSON.parse(JSON.stringify(entities));
  const accepted = [];
  for (const entity of expected) accepted.push((await judge(entity)).verdict.ok);
  console.log(JSON.stringify({ ...row, expected, accepted }));
}
