// node rules.mjs COUNT SEED: rules of a catalog, entities and locations, and whether the real backend allows them; references of
// locations, and how the real model reads them.
import { deep, load, random } from './packages.mjs';

const { ConfigReader } = load('@backstage/config');
const { parseLocationRef } = load('@backstage/catalog-model');
const { DefaultCatalogRulesEnforcer } = deep('@backstage/plugin-catalog-backend/dist/ingestion/CatalogRules.cjs.js');
const [count, seed] = [Number(process.argv[2] ?? 1000), Number(process.argv[3] ?? 1)];
const { below, pick, chance } = random(seed * 2654435761);

const targets = [
  'https://github.com/acme/shop/blob/main/catalog-info.yaml', 'https://github.com/acme/.hidden/blob/main/a.yaml', 'https://GitHub.com/Acme/x/tree/dev/a/b/c.yml', 'https://github.com/acme/shop/',
  '/srv/catalog/a.yaml', './a.yaml', 'a/../b.yaml', 'https://gitlab.com/x.yaml', '', 'https://github.com/acme/a[1].yaml', 'https://github.com/acme/x{1}.yaml', 'https://github.com//acme/shop.yaml',
];
const patterns = [
  '**', '*', 'https://github.com/**', 'https://github.com/acme/**/*.yaml', 'https://github.com/acme/*/blob/main/*.yaml', 'https://github.com/{acme,other}/**', 'https://github.com/acme/shop/blob/**', '**/*.{yaml,yml}',
  'https://github.com/acme/**/main/**', '!https://github.com/**', '!!**/a.yaml', '#x', 'https://github.com/acme/?hop/**', 'https://github.com/[a-c]cme/**', 'https://github.com/[!a]cme/**', '**/a\\[1\\].yaml', '**/x{1}.yaml', '**/*/b/*', '/srv/**',
  'https://*/acme/**', '**/{a,b{1,2}}.yaml', '**/.*/**', 'a/**', './*', '*/..*', 'https://github.com/acme/shop', 'https://github.com/acme/shop/', '**/blob/{main,dev}/**', '{1..3}', '**/catalog-info.y?ml', 'https:/github.com/**', '',
];
const kinds = ['Component', 'component', 'API', 'Template', 'Group', 'Location', 'Resource', 'Foo'];
const place = () => {
  const made = { type: pick(['url', 'url', 'file']) };
  if (chance(0.3)) made.exact = pick(targets);
  else if (chance(0.85)) made.pattern = pick(patterns);
  return made;
};
const rule = () => {
  const made = { allow: Array.from({ length: 1 + below(3) }, () => chance(0.7) ? pick(kinds) : { kind: pick(kinds), ...chance(0.6) && { 'spec.type': pick(['service', 'Library']) } }) };
  if (chance(0.7)) made.locations = Array.from({ length: 1 + below(2) }, place);
  return made;
};
const refs = ['url:https://x', 'https://x', 'http:x', 'file:./x', 'x', ':x', 'x:', ' url : a ', 'url:javascript:alert(1)', 'url: java\nscript:x', 'url:JaVaScRiPt:', 'url:\u0001 javascript:x', 'a:b:c', 'url:javascript', 'HTTP:x'];

for (let index = 0; index < count; index++) {
  const catalog = {};
  if (chance(0.8)) catalog.rules = Array.from({ length: 1 + below(2) }, rule);
  if (chance(0.3)) catalog.locations = [{ type: 'url', target: pick(targets) || 'x', rules: [{ allow: [pick(kinds)] }] }];
  const entity = { kind: pick(kinds), spec: pick([{ type: 'service' }, { type: 'library' }, {}, { type: 5 }]) };
  const location = { type: pick(['url', 'url', 'file']), target: pick(targets) };
  let expected;
  try {
    expected = DefaultCatalogRulesEnforcer.fromConfig(new ConfigReader({ catalog })).isAllowed(entity, location);
  } catch (error) {
    continue; // The configuration itself is refused: nothing to compare.
  }
  const text = pick(refs);
  let ref;
  try {
    ref = parseLocationRef(text);
  } catch (error) {
    ref = error.message;
  }
  console.log(JSON.stringify({ config: { catalog }, entity, location, text, expected: { allowed: expected, ref } }));
}
