// Names, inputs and outputs of the actions that real packages bring: `node actions.mjs > ../../../../crates/scaffold/src/run/actions.json`.
// What the fields are for is left out: messages and examples do not show it.
import { load } from './packages.mjs';

const { ScmIntegrations } = load('@backstage/integration');
const { ConfigReader } = load('@backstage/config');
const config = new ConfigReader({});
const options = {
  config, integrations: ScmIntegrations.fromConfig(config), reader: {}, catalog: {}, catalogClient: {}, auth: {}, logger: console,
  githubCredentialsProvider: {}, discovery: {}, argoUserName: 'x', additionalTemplateFilters: {}, additionalTemplateGlobals: {},
};
const packages = [
  '@backstage/plugin-scaffolder-backend', '@backstage/plugin-scaffolder-backend-module-github', '@backstage/plugin-scaffolder-backend-module-gitlab',
  '@roadiehq/scaffolder-backend-module-utils', '@roadiehq/scaffolder-backend-argocd',
];
const bare = schema => {
  if (Array.isArray(schema)) return schema.map(bare);
  if (!schema || typeof schema !== 'object') return schema;
  return Object.fromEntries(
    Object.entries(schema).filter(([name, value]) => !(name === '$schema' || (['description', 'title'].includes(name) && typeof value === 'string'))).map(([name, value]) => [name, bare(value)]),
  );
};
const found = {};
for (const name of packages) {
  const module = load(name);
  for (const [key, make] of Object.entries(module)) {
    if (!/^create.*(Action|Resources|Transform)$/.test(key)) continue;
    try {
      const action = make(key === 'createArgoCdResources' ? config : options, console);
      if (!action?.id) continue;
      found[action.id] = JSON.parse(JSON.stringify({ dryRun: Boolean(action.supportsDryRun), input: bare(action.schema?.input), output: bare(action.schema?.output) }));
    } catch (error) {
      console.error(`${key}: ${error.message}`);
    }
  }
}
console.log(`{\n${Object.entries(found).sort(([left], [right]) => (left < right ? -1 : 1)).map(([id, action]) => `${JSON.stringify(id)}: ${JSON.stringify(action)}`).join(',\n')}\n}`);
