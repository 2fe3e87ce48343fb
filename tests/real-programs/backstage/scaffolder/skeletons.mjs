// Skeletons written by the real handler: `node skeletons.mjs COUNT SEED > answers.jsonl`.
// An answer is {skeleton, workspace, input, written} or {…, error}; files are texts, or {base64} where they are none.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { load } from './packages.mjs';
import { seeded } from './random.mjs';

const backend = load.resolve('@backstage/plugin-scaffolder-backend').replace(/dist.*$/, 'dist');
const { createTemplateActionHandler } = load(`${backend}/scaffolder/actions/builtin/fetch/templateActionHandler.cjs.js`);
const { ScmIntegrations } = load('@backstage/integration');
const { ConfigReader } = load('@backstage/config');
const integrations = ScmIntegrations.fromConfig(new ConfigReader({}));
const [count, seed] = process.argv.slice(2).map(Number);
const { random, pick } = seeded(seed);
const maybe = (chance, value) => (random(100) < chance ? value : undefined);
const names = [
  'README.md', 'a.txt', '${{ values.name }}.md', '{% if values.flag %}only.txt{% endif %}', '.hidden', 'b.njk', '.njk', 'c.tar.njk', '${{ values.missing }}', '{{ cookiecutter.name }}.py', 'd.yaml', 'e.MD',
  '${{ values.path }}', 'x y.txt', '[f].txt',
];
const folders = ['', '', 'docs', 'src', 'src/${{ values.name }}', '{% if not values.flag %}gone{% endif %}', '.github/workflows', 'docs/deep'];
const contents = [
  'plain\n', 'Hello ${{ values.name }}!\n', '{% if values.flag %}\nyes\n{% else %}\nno\n{% endif %}\n', '${{ github.sha }}', '{% raw %}${{ github.sha }}{% endraw %}', '{{ cookiecutter.name | upper }} ${{ values.name }}', '',
  '${{ values.list | dump }}', '  {% for i in values.list %}\n  - ${{ i }}\n  {% endfor %}\n', 'é🎉 ${{ values.name }}', { base64: Buffer.from([0, 1, 2, 3]).toString('base64') },
  { base64: Buffer.from('%PDF-1.4 x').toString('base64') }, { base64: Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0x80, 0x90, 0x41]).toString('base64') }, { base64: Buffer.from('latin \xe9 caf', 'latin1').toString('base64') },
  { base64: Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('bom ${{ values.name }}')]).toString('base64') }, '${{ values.name | nosuch }}', '${{ values.name',
];
const patterns = ['docs', 'docs/**', '*.md', '**/*.md', '.hidden', '.github', 'src/*', '**', '{a.txt,b.njk}', '!README.md', '**/*.{md,txt}', 'README.?d', '[a-d].*', 'nothing/*', './a.txt', '${{ values.name }}.md'];
const files = least => Object.fromEntries(Array.from({ length: least + random(5) }, () => [[pick(folders), pick(names)].filter(Boolean).join('/'), pick(contents)]));
const bytes = content => (typeof content === 'string' ? Buffer.from(content) : Buffer.from(content.base64, 'base64'));
const fill = (folder, all) => {
  for (const [name, content] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes(content), { mode: name.endsWith('.txt') ? 0o755 : 0o644 });
  }
};
const read = (folder, from = folder) => readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
  const path = join(folder, entry.name);
  const name = relative(from, path);
  if (entry.isDirectory()) return [[name, { folder: true }], ...read(path, from)];
  return [[name, { base64: readFileSync(path).toString('base64'), executable: Boolean(statSync(path).mode & 0o100) }]];
});

const home = mkdtempSync(join(tmpdir(), 'skeletons-'));
for (let index = 0; index < count; index += 1) {
  const skeleton = files(1);
  const workspace = random(3) ? {} : files(1);
  const extension = maybe(15, pick([true, '.njk', 'md', 'tar.njk']));
  const input = JSON.parse(JSON.stringify({
    url: './skeleton', targetPath: maybe(30, pick(['out', './a/b', '.', '../x', '/etc', 'docs/../y'])),
    values: { name: 'orders', flag: Boolean(random(2)), list: ['a', 'b'], path: pick(['up/down.txt', '../../escape', '/abs', 'a//b', 'ok']) },
    copyWithoutTemplating: extension && random(4) ? undefined : maybe(35, pick([[pick(patterns)], [pick(patterns), pick(patterns)], [pick(patterns), '!docs/a.txt']])),
    cookiecutterCompat: extension && random(4) ? undefined : maybe(15, true), templateFileExtension: extension, replace: maybe(30, true), trimBlocks: maybe(25, true), lstripBlocks: maybe(25, true),
  }));
  const [from, to] = [join(home, `s${index}`), join(home, `w${index}`)];
  mkdirSync(from);
  mkdirSync(to);
  const answer = { skeleton, workspace, input };
  try {
    fill(from, skeleton);
    fill(to, workspace);
  } catch {
    continue;
  }
  try {
    const logger = { info() {}, warn() {}, error() {} };
    await createTemplateActionHandler({ ctx: { input, workspacePath: to, logger }, resolveTemplate: async () => from, integrations });
    answer.written = Object.fromEntries(read(to).sort(([left], [right]) => (left < right ? -1 : 1)));
  } catch (error) {
    answer.error = error.message.replaceAll(home, '');
  }
  console.log(JSON.stringify(answer));
}
rmSync(home, { recursive: true });
