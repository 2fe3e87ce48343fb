// node claims.mjs COUNT SEED: inputs of the action terasky:claim-template, and the files that the real one writes.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { deep, load, random, silent } from './packages.mjs';

const { ConfigReader } = load('@backstage/config');
const { createCrossplaneClaimAction } = deep('@terasky/backstage-plugin-scaffolder-backend-module-terasky-utils/dist/actions/claim-templating.cjs.js');
const [count, seed] = [Number(process.argv[2] ?? 100), Number(process.argv[3] ?? 1)];
const { below, pick, chance } = random(seed * 2654435761);

const texts = [
  'x', '', ' ', 'true', 'yes', 'null', '~', '1', '0x1F', '0o7', '0b1', '1e3', '1.', '.5', '012', '1_000', '-', '- a', 'a: b', 'a:', ':a', '#a', 'a #b', 'a#b', '[a]', '{a', "it's", '"q"',
  'a\nb', 'a\n', '\n', 'a\n\n', ' a\nb', '\n a', 'a \nb', 'a\tb', '\ta', 'é', '😀', '\u00a0', '\u2028', '\ufeff', '\u0007', '2001-01-01', '2001-1-1 1:11:11', '12:30', '1:2:3.4', '.inf', '.NaN', '<<', '=', '@a', '`a', '%a', '!a',
  '&a', '*a', '|', '>', '?', '? a', 'a ?', 'a,b', 'on', 'Off', 'y'.repeat(200), 'a b c d '.repeat(30), 'http://x/y?z=1', 'C:\\x', 'null ', '9'.repeat(400), '1e400', '---', '...', '--- a',
];
const scalars = [0, -0, 1, -1.5, 1e21, 1.5e-7, 1e-7, 123456789012345680000, true, false, null];
const value = depth => {
  const kind = below(depth > 0 ? 8 : 5);
  if (kind < 4) return pick(texts);
  if (kind === 4) return pick(scalars);
  if (kind === 5) return Array.from({ length: below(4) }, () => value(depth - 1));
  if (kind === 6) return Array.from({ length: 1 + below(2) }, () => Array.from({ length: below(3) }, () => value(depth - 2)));
  return Object.fromEntries(Array.from({ length: below(4) }, () => [chance(0.7) ? pick(['a', 'b', 'size', 'showAdvancedSettings', '10', '2']) : pick(texts), value(depth - 1)]));
};
const configs = [
  { target: 'github', git: { repoUrl: 'github.com?owner=acme&repo=gitops', targetBranch: 'main' } },
  { target: 'gitlab', git: { repoUrl: 'gitlab.example.com:8443?owner=a%20b&repo=r', targetBranch: 'main' } },
  { target: 'bitbucket', git: { repoUrl: 'bb?owner=a&repo=r' } }, { target: 'bitbucketCloud', git: { repoUrl: 'bb?owner=a&repo=', targetBranch: 'x' } }, {},
];

function input() {
  const parameters = {
    xrName: pick(['demo', 'demo', 'foo-bar', 5, 'a/b', '../x']), owner: pick(['group:default/team-a', 'team', '', 5]), pushToGit: pick([true, false, undefined]),
    manifestLayout: pick(['cluster-scoped', 'namespace-scoped', 'custom', undefined]), basePath: pick(['base/x', './y/', '../z', undefined, '']),
    clusters: ['dev', 'prod'], xrNamespace: pick(['apps', '', undefined, 'a/b']), targetBranch: pick([undefined, 'dev', '']), repoUrl: pick([undefined, undefined, 'github.com?owner=o&repo=r', 'bad host?owner=a&repo=b']),
    showAdvancedSettings: true, dc: pick(['DC1', ' A/B ', '..', undefined]),
    crossplane: { compositionSelectionStrategy: 'runtime', compositionUpdatePolicy: pick(['Automatic', '']) },
  };
  for (let times = below(5); times > 0; times--) parameters[pick(['size', 'region', 'tags', 'nested', '7', 'key: odd'])] = value(3);
  const made = {
    parameters, nameParam: 'xrName', namespaceParam: pick(['xrNamespace', 'xrNamespace', '']), ownerParam: 'owner',
    excludeParams: ['owner', 'pushToGit', 'basePath', 'manifestLayout', 'targetBranch', 'repoUrl', 'clusters', 'xrName', 'xrNamespace', 'crossplane.compositionSelectionStrategy'],
    apiVersion: 'example.org/v1', kind: 'Database', clusters: pick([['dev'], ['dev', 'prod'], ['temp']]), removeEmptyParams: pick([true, true, false]),
  };
  if (chance(0.5)) made.specFieldOrder = ['size', 'nested', 'gone', '7'];
  if (chance(0.2)) made.xrdPathTemplate = pick(['clusters/{dc}/{xrName}', 'a/{dc}', 'x//y', '{none}/a', 'a{dc}b']);
  return JSON.parse(JSON.stringify(made));
}

const walk = folder => readdirSync(folder, { withFileTypes: true }).flatMap(entry => entry.isDirectory() ? walk(join(folder, entry.name)) : [join(folder, entry.name)]);

for (let index = 0; index < count; index++) {
  const publishPhase = pick(configs);
  const config = { kubernetesIngestor: { crossplane: { xrds: { publishPhase } } } };
  const workspacePath = mkdtempSync(join(tmpdir(), 'claims-'));
  const given = input();
  let expected;
  try {
    const action = createCrossplaneClaimAction({ config: new ConfigReader(config) });
    await action.handler({ input: structuredClone(given), logger: silent, workspacePath, output() {} });
    expected = { ok: true, files: Object.fromEntries(walk(workspacePath).sort().map(path => [relative(workspacePath, path), readFileSync(path, 'utf8')])) };
  } catch (error) {
    expected = { ok: false, error: error.message };
  }
  rmSync(workspacePath, { recursive: true });
  console.log(JSON.stringify({ config, input: given, expected }));
}
