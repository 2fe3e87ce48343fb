// node entities.mjs COUNT SEED [relations]: entities with mistakes, and what the real backend says of each.
import { bases } from './bases.mjs';
import { judge, relations } from './backend.mjs';
import { random } from './packages.mjs';

const [count, seed, what] = [Number(process.argv[2] ?? 1000), Number(process.argv[3] ?? 1), process.argv[4]];
const { below, pick, chance } = random(seed * 2654435761);

const odd = [
  null, 0, 5, -1.5, true, false, '', ' ', 'x', '\u00a0\ufeff', 'a\nb', 'é', [], [''], ['a'], [5], [null], [['a']], [{}],
  {}, { a: 1 }, { '': 'x' }, { 2: 'b', 1: 5 }, { 'a/b~c': 1 }, { 'a\nb': 1 }, { url: 'https://x' }, 'y'.repeat(63), 'y'.repeat(64),
];
const some = () => structuredClone(pick(odd));
const alphabet = ['a', 'B', '1', '-', '_', '.', '/', ':', '+', '#', ' ', 'é', 'x', 'z', '0', '😀', '\n'];
const word = () => Array.from({ length: 1 + below(chance(0.05) ? 70 : 6) }, () => pick(alphabet)).join('');
const references = ['a', 'x/a', 'k:a', 'k:x/a', 'K:X/A', '/a', 'a/', ':a', 'a:', 'a b', 'ns/k:n', 'a:b:c', 'a:b/c/d', 'group:/a', '"q"', 'a\\b'];
const urls = ['https://x', 'http:x', 'http://', 'x', '//x', 'mailto:a', 'https://[::1]/', 'https://a b', 'https://x:99999', 'file:x', 'a:b', 'https://ex%zz', 'HTTPS://É', '1:2', 'https://x:', ' https://x ', 'http://1.2.3.4.5', 'http://256.1.1.1', 'http://a..b', 'http://xn--a', 'http://a_b', 'data:,'];

function ways(value, way = []) {
  const found = [way];
  if (value && typeof value === 'object') {
    for (const [key, below] of Object.entries(value)) found.push(...ways(below, [...way, Array.isArray(value) ? Number(key) : key]));
  }
  return found;
}

function change(root, way, make) {
  if (way.length === 0) return make(root);
  const parent = way.slice(0, -1).reduce((value, key) => value?.[key], root);
  if (!parent || typeof parent !== 'object') return root;
  const key = way[way.length - 1];
  const value = make(parent[key]);
  if (value !== undefined) parent[key] = value;
  else if (Array.isArray(parent)) parent.splice(key, 1);
  else delete parent[key];
  return root;
}

function spoil(entity) {
  if (!entity || typeof entity !== 'object' || Array.isArray(entity)) return entity;
  const mutation = below(10);
  if (mutation < 4) return change(entity, pick(ways(entity)), () => some());
  if (mutation === 4 && ways(entity).length > 1) return change(entity, pick(ways(entity).filter(way => way.length)), () => undefined);
  if (mutation === 5) {
    const target = pick(ways(entity));
    return change(entity, target, value => {
      if (value && typeof value === 'object' && !Array.isArray(value)) return { ...value, [pick(['zzz', 'relations', 'status', '1', ''])]: some() };
      if (Array.isArray(value)) return [...value, some()];
      return word();
    });
  }
  const metadata = entity.metadata && typeof entity.metadata === 'object' && !Array.isArray(entity.metadata) ? entity.metadata : {};
  if (mutation === 6) {
    change(entity, ['metadata', pick(['name', 'namespace', 'title'])], () => word());
  } else if (mutation === 7) {
    const field = pick(['labels', 'annotations', 'tags', 'links']);
    metadata[field] = {
      labels: () => ({ a: 'b', [word()]: word() }),
      annotations: () => ({ [word()]: word(), 'x.y/z': word() }),
      tags: () => [word(), word()],
      links: () => [{ url: pick(urls), title: pick([word(), ' ', 'x']), icon: pick([word(), '\u0085', 'x']) }],
    }[field]();
  } else if (mutation === 8) {
    entity[pick(['apiVersion', 'kind'])] = pick([
      'backstage.io/v1alpha1', 'backstage.io/v1beta1', 'backstage.io/v1beta2', 'v1', 'a/b/c', '/v1', 'A/v1', 'a.b/V1', 'x/', 'scaffolder.backstage.io/v1beta3',
      'component', 'Component', 'API', 'Template', 'Foo', 'Foo1', '1Foo', 'A-B', 'AiResource', word(),
    ]);
  } else {
    const spec = entity.spec && typeof entity.spec === 'object' && !Array.isArray(entity.spec) ? entity.spec : {};
    const field = pick(['owner', 'system', 'dependsOn', 'dependencyOf', 'providesApis', 'parent', 'members', 'memberOf', 'children', 'domain', 'subcomponentOf']);
    const reference = () => structuredClone(pick([...references, ...references, ...odd, { kind: 'K', name: 'n' }, { name: 'n', namespace: '' }]));
    spec[field] = chance(0.5) ? reference() : [reference(), reference()];
  }
  return entity;
}

const states = [
  [{ type: 'a', targetRef: 'x' }], [{ type: 'a b', targetRef: 'x' }], [{ type: 'a', targetRef: 'x', z: 1 }], [{ targetRef: 'x' }],
  [{ type: 'a', targetRef: '', target: {} }], [{ type: 'a', targetRef: 'x', target: { kind: 'a', namespace: 'b', name: '' } }],
  { items: [{ type: 'a', level: 'info', message: 'm' }] }, { items: [{ type: 'a', level: 'bad', message: 'm', error: {} }] }, { items: [{}] },
];

for (let index = 0; index < count; index++) {
  let entity = structuredClone(bases[index % bases.length]);
  if (chance(0.3)) delete entity.metadata.namespace;
  if (chance(0.02)) entity[pick(['relations', 'status'])] = pick(states);
  for (let times = below(3) + 1; times > 0; times--) entity = spoil(entity);
  const { verdict, entity: valid } = await judge(entity);
  if (what !== 'relations') console.log(JSON.stringify({ id: `${seed}.${index}`, entity, expected: verdict }));
  else if (valid) console.log(JSON.stringify({ id: `${seed}.${index}`, entity, expected: await relations(valid) }));
}
