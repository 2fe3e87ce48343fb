// node xrds.mjs COUNT SEED CONFIGS.json XRDFOLDER…: templates of XRDs and odd variants of them, as the real ingestor makes them.
// Rows: {config, definition, clusters, compositions, expected}. With APIS set, its API entities instead.
import { readFileSync, readdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { deep, load, random, silent } from './packages.mjs';

const { ConfigReader } = load('@backstage/config');
const yaml = load('js-yaml');
const { XRDTemplateEntityProvider } = deep('@terasky/backstage-plugin-kubernetes-ingestor/dist/providers/EntityProvider.cjs.js');
const [count, seed, configFile, ...folders] = process.argv.slice(2);
const { below, pick, chance } = random(Number(seed) * 2654435761);

const definitions = [];
const collect = folder => {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) collect(path);
    else if (entry.name === 'definition.yaml') definitions.push(...yaml.loadAll(readFileSync(path, 'utf8')));
  }
};
folders.filter(existsSync).forEach(collect);

// Each once; of those that the ingestor fails on, one in ten.
const all = [...new Set(definitions.map(definition => JSON.stringify(definition)))].map(text => JSON.parse(text));
const hasFields = definition => definition?.spec?.versions?.every(version => version.schema?.openAPIV3Schema?.properties?.spec?.properties);
const used = all.filter((definition, index) => definition?.spec?.versions && (hasFields(definition) || index % 10 === 0));

const settings = JSON.parse(readFileSync(configFile, 'utf8'));
const publish = rest => ({ kubernetesIngestor: { crossplane: { xrds: { publishPhase: rest } } } });
const configs = [
  ...Object.values(settings),
  publish({ target: 'bitbucket', git: { repoUrl: 'host?owner=a&repo=b', targetBranch: 'dev', branchPrefix: 'x/' } }),
  publish({ target: 'BitbucketCloud', requestUserCredentialsForRepoUrl: true, git: { repoUrl: 'bitbucket.org?a=b' } }),
  publish({ target: 'yaml' }),
  { kubernetesIngestor: { annotationPrefix: 'acme.io', clusterNameMapping: { mode: 'prefix-replacement', sourcePrefix: 'sa-', targetPrefix: 'oidc-' }, crossplane: { xrds: { convertDefaultValuesToPlaceholders: true } } } },
  { kubernetesIngestor: { clusterNameMapping: { mode: 'explicit', mappings: { 'sa-dev': 'oidc-dev', prod: 'xprod' } } } },
];

const odd = [
  { type: 'boolean', default: true }, { type: 'boolean', 'x-ui-advanced': true, default: false }, { 'x-kubernetes-preserve-unknown-fields': true },
  { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, { type: 'string', default: 'd', 'x-ui-order': 2 }, { type: 'integer', default: 5, 'x-ui-order': 1, 'x-ui-advanced': true },
  { type: 'object', properties: { enabled: { type: 'boolean' }, a: { type: 'string', default: 'q' }, b: { type: 'object', properties: { c: { type: 'number', default: 1.5, 'x-ui-order': 3 } } } }, required: ['a', 'enabled'] },
  { type: 'object', 'x-ui-advanced': true, 'x-ui-order': 0, properties: { x: { type: 'string', default: 'd' }, y: { type: 'object', properties: { z: { type: 'boolean', default: true } } }, w: { type: 'array', items: { type: 'string' }, default: ['a', null, { b: 1 }] } } },
  { type: 'array', items: { type: 'object', default: { a: 1 }, required: ['a', 'gone'], properties: { a: { type: 'string', 'x-ui-hidden': true }, enabled: { type: 'boolean' }, o: { type: 'string', 'x-ui-order': 1 } } } },
  { type: 'array', items: { type: 'array', items: { type: 'object', properties: { p: { type: 'string', default: 'v' }, q: { type: 'string', 'x-ui-order': 9, 'x-ui-advanced': true } } } } },
  { type: 'string', 'x-ui-hidden': true }, { type: 'string', enum: ['a', 'b'], default: null }, true, {}, { type: 'object', properties: {} }, { type: 'object', additionalProperties: { type: 'string' } },
  { type: 'object', dependencies: { k: ['v'] }, properties: { k: { type: 'string' }, 10: { type: 'string' }, 9: { type: 'string' } }, required: ['k'] },
];
const names = ['size', 'Size', 'enabled', 'aField', 'Bfield', 'b-field', 'b_field', 'zeta', '10', '2', 'default', 'crossplane', 'a.b', 'ä'];

function spoil(xrd) {
  const mutation = below(9);
  const version = pick(xrd.spec.versions);
  const root = version.schema?.openAPIV3Schema?.properties;
  const places = [];
  const walk = (schema, depth) => {
    if (!schema || typeof schema !== 'object') return;
    if (schema.properties && typeof schema.properties === 'object') {
      places.push(schema.properties);
      if (depth < 4) Object.values(schema.properties).forEach(value => walk(value, depth + 1));
    }
    if (schema.items) walk(schema.items, depth + 1);
  };
  walk(root?.spec, 0);
  if (mutation < 5 && places.length) {
    const place = pick(places);
    const key = chance(0.5) && Object.keys(place).length ? pick(Object.keys(place)) : pick(names);
    place[key] = structuredClone(pick(odd));
  } else if (mutation === 5 && places.length) {
    const place = pick(places);
    for (const value of Object.values(place)) {
      if (value && typeof value === 'object' && chance(0.5)) value[pick(['x-ui-order', 'x-ui-order', 'x-ui-advanced', 'x-ui-hidden'])] = pick([1, 2, 3, true, '1']);
    }
  } else if (mutation === 6) {
    xrd.spec.scope = pick(['Cluster', 'Namespaced', 'LegacyCluster', undefined, 'Other']);
    if (chance(0.3)) delete xrd.spec.claimNames;
    if (chance(0.2)) xrd.spec.defaultCompositionRef = { name: 'comp-b' };
  } else if (mutation === 7) {
    const prefix = pick(['terasky.backstage.io', 'acme.io']);
    xrd.metadata.annotations = {
      [`${prefix}/target-path`]: pick(['clusters/{dc}/{xrName}', ' x/{size} ', 'a/../b', '', "it's/{a}"]),
      [`${prefix}/create-kustomization-file`]: pick(['true', 'false']),
    };
  } else if (root) {
    const choice = below(4);
    if (choice === 0) root.steps = { type: 'string', default: '- id: extra\n  action: debug:log\n  input:\n    message: ${{ parameters.xrName }}\n    n: 1\n' };
    else if (choice === 1) delete root.spec;
    else if (choice === 2 && root.spec) delete root.spec.properties;
    else xrd.spec.versions.push({ ...structuredClone(version), name: pick(['v2', 'v1beta1', 'v'.repeat(50)]) });
  }
  return xrd;
}

for (let index = 0; index < Number(count); index++) {
  const definition = structuredClone(used[index % used.length]);
  const times = index < used.length ? 0 : below(5);
  for (let time = 0; time < times; time++) spoil(definition);
  const config = configs[index < used.length ? index % 2 : below(configs.length)];
  const clusters = pick([['dev', 'prod'], ['dev'], ['sa-dev', 'oidc-x', 'prod']]);
  const compositions = pick([['comp-a', 'comp-b'], [], ['one']]);
  // What went in, before the plugin changes it.
  const row = JSON.parse(JSON.stringify({ config, definition, clusters, compositions }));
  let expected;
  try {
    const provider = new XRDTemplateEntityProvider({}, silent, new ConfigReader(config), {});
    const input = { ...structuredClone(row.definition), clusters, compositions, clusterName: clusters[0] };
    expected = { ok: true, templates: provider.translateXRDVersionsToTemplates(input) };
  } catch (error) {
    expected = { ok: false, error: error.message };
  }
  // The APIs too, when asked for: with the CRD where the cluster has it.
  if (process.env.APIS) {
    const crd = chance(0.3) ? { metadata: { name: row.definition.metadata.name }, spec: { versions: [{ name: 'v1', schema: { openAPIV3Schema: row.definition.spec.versions[0].schema?.openAPIV3Schema } }] }, ...chance(0.5) && { kind: 'CustomResourceDefinition' } } : undefined;
    if (chance(0.2)) (row.config.kubernetesIngestor ??= {}).ingestAPIsAsCRDs = false;
    if (chance(0.3)) row.definition.metadata.annotations = { ...row.definition.metadata.annotations, 'terasky.backstage.io/api-annotations': 'a=b, c=d=e,=x' };
    try {
      const provider = new XRDTemplateEntityProvider({}, silent, new ConfigReader(row.config), {});
      const clusterDetails = clusters.map(name => ({ name, url: name }));
      const input = { ...structuredClone(row.definition), clusters, clusterDetails, clusterName: clusters[0], generatedCRD: structuredClone(crd) };
      expected = { ok: true, apis: provider.translateXRDVersionsToAPI(input) };
    } catch (error) {
      expected = { ok: false, error: error.message };
    }
    row.crd = crd ?? null;
  }
  console.log(JSON.stringify({ ...row, expected }));
}
