// Makes up expressions and templates: `node generate-expressions.mjs COUNT SEED > cases.jsonl`.
// Every filter, test, method, tag and operator meets inputs that it is for and such that it is not.
import { seeded } from './random.mjs';

const [count, seed] = process.argv.slice(2).map(Number);
const { random, pick } = seeded(seed);
const maybe = (chance, make, other = '') => (random(100) < chance ? make() : other);
const repeat = (least, most, make) => Array.from({ length: least + random(most - least + 1) }, make);

const paths = [
  'name', 'title', 'n', 'f', 'neg', 'zero', 't', 'fl', 'nul', 'empty', 'list', 'nums', 'objs', 'obj', 'owner', 'ref', 'repoUrl',
  'azure', 'html', 'multi', 'url', 'long', 'missing', 'unicode', 'mixed', 'nested', 'arrayLike', 'big', 'small', 'dates', 'words',
  'emails', 'crlf', 'numeric', 'spaces', 'pairs', 'dup', 'indexed', 'cased', 'entityRef', 'markup', 'deep', 'sparse',
];
const literals = [
  '1', '0', '2', '-1', '1.5', '10', '0.1', '100', '3.7', '1e3'.replace('e3', '000'), '"a"', "'b'", '""', '"x y"', '"10"', '"0"', '"true"', 'true', 'false', 'none', 'null',
  '[]', '[1,2,3]', '["b","a","C"]', '[[1,2],[3]]', '{}', '{a:1}', '{"k":"v", b:[1]}', '[none, undefinedx, 1]', '{length:2,"0":"p","1":"q"}', '"é🎉ß"', '"A-b_c"', 'r/a/', 'r/[a-z]+/gi', 'r/(.)(.)/g',
];
const filters = [
  'abs', 'batch', 'capitalize', 'center', 'd', 'default', 'dictsort', 'dump', 'e', 'escape', 'first', 'float', 'forceescape', 'groupby', 'indent',
  'int', 'join', 'last', 'length', 'list', 'lower', 'nl2br', 'reject', 'rejectattr', 'replace', 'reverse', 'round', 'safe', 'select', 'selectattr',
  'slice', 'sort', 'string', 'striptags', 'sum', 'title', 'trim', 'truncate', 'upper', 'urlencode', 'urlize', 'wordcount',
  'parseRepoUrl', 'parseEntityRef', 'pick', 'projectSlug', 'jsonify', 'nosuch', 'lenght',
];
const tests = [
  'callable', 'defined', 'divisibleby', 'escaped', 'eq', 'equalto', 'even', 'falsy', 'ge', 'greaterthan', 'gt', 'iterable', 'le', 'lessthan', 'lower',
  'lt', 'mapping', 'ne', 'null', 'none', 'number', 'odd', 'sameas', 'string', 'truthy', 'undefined', 'upper', 'nosuch',
];
const methods = [
  'charAt', 'charCodeAt', 'concat', 'endsWith', 'includes', 'indexOf', 'lastIndexOf', 'replace', 'slice', 'split', 'startsWith', 'substring',
  'toLowerCase', 'toUpperCase', 'trim', 'trimEnd', 'trimStart', 'toExponential', 'toFixed', 'toPrecision', 'toString', 'at', 'copyWithin', 'fill',
  'flat', 'join', 'pop', 'push', 'reverse', 'shift', 'sort', 'splice', 'unshift', 'append', 'count', 'find', 'index', 'insert', 'remove', 'get',
  'has_key', 'items', 'keys', 'values', 'test', 'replaceAll', 'map',
];
const attributes = ['"k"', '"v"', '"on"', '"a.b"', '"missing"', '"length"', '0', '"0"'];
const regexes = [
  'r/a/', 'r/o/g', 'r/[aeiou]/gi', 'r/(\\w)(\\w)/g', 'r/\\s+/g', 'r/^l\\d$/gm', 'r/(?<first>[a-z]+)/', 'r/(a)|(b)/g', 'r/(?=x)/g', 'r/x*/g', 'r/\\bx/y',
  'r/(?<!a)b/g', 'r/(\\w+)\\s\\1/', 'r/[^\\w-]/g', 'r/.{2,3}?/g', 'r/$/', 'r/(?:)/', 'r/\\u0061|\\x62/g', 'r/a{,2}/', 'r/]/', 'r/(/', 'r/[z-a]/', 'r/\\//g', 'r/((a)|b)+/',
];
const replacements = ['"$1"', '"$2$1"', '"[$&]"', '"$$"', '"$<first>"', '"$`"', '"$\'"', '"-"', '""', '"$10"', 'none', '5'];

const variable = () => (random(10) ? `parameters.${pick(paths)}` : pick(['values.list', 'steps.publish.output', 'user.ref', 'x', 'loop', 'steps["create-pull-request"]']));
const atom = () => (random(3) ? variable() : pick(literals));
const argument = depth => pick([() => pick(literals), () => pick(literals), () => variable(), () => pick(attributes), () => pick(replacements), () => (depth > 2 ? '1' : expression(depth + 1))])();
const argumentList = (depth, most) => repeat(0, most, () => argument(depth)).join(', ');
const keywords = () => pick(['boolean=true', 'default=7', 'base=16', 'reverse=true', 'attribute="v"', 'case_sensitive=true', 'x=1']);

function filtered(depth) {
  const name = pick(filters);
  const input = maybe(80, atom, expression(depth + 1));
  const own = {
    replace: () => `${random(2) ? pick(regexes) : argument(depth)}, ${pick(replacements)}${maybe(20, () => `, ${argument(depth)}`)}`,
    select: () => `"${pick(tests)}"${maybe(40, () => `, ${argument(depth)}`)}`,
    reject: () => `"${pick(tests)}"${maybe(40, () => `, ${argument(depth)}`)}`,
    groupby: () => pick(attributes),
    selectattr: () => pick(attributes),
    rejectattr: () => pick(attributes),
    join: () => `${argument(depth)}${maybe(50, () => `, ${pick(attributes)}`)}`,
    sum: () => `${pick(attributes)}${maybe(40, () => `, ${argument(depth)}`)}`,
    sort: () => `${argument(depth)}, ${argument(depth)}${maybe(60, () => `, ${pick(attributes)}`)}`,
    pick: () => pick(['"name"', '"b.c"', '"a[0]"', '"x..y"', '"length"', '0', '["b","c"]', '"[\'k\']"', '"toString"', '"k", 5']),
    parseEntityRef: () => pick(['{defaultKind:"group"}', '{defaultKind:"g", defaultNamespace:"n"}', 'none']),
    int: () => pick(['7', '7, 16', '7, 2', '0, 36', 'none, 8', '"x", 99', '1, 0']),
    round: () => pick(['0, "ceil"', '1, "floor"', '2', '-1', '20', '"1"', '-3, "ceil"']),
  }[name];
  if (random(100) < 25) return `${input} | ${name}`;
  if (own && random(100) < 75) return `${input} | ${name}(${own()})`;
  return `${input} | ${name}(${argumentList(depth, 3)}${maybe(8, () => `, ${keywords()}`)})`.replace('(, ', '(');
}

function called(depth) {
  const name = pick(methods);
  const target = maybe(85, atom, `(${expression(depth + 1)})`);
  if (['replace', 'split', 'test'].includes(name) && random(2)) {
    if (name === 'test') return `${pick(regexes)}.test(${atom()})`;
    return name === 'split' ? `${target}.split(${pick(regexes)}${maybe(30, () => `, ${random(4)}`)})` : `${target}.replace(${pick(regexes)}, ${pick(replacements)})`;
  }
  return `${target}.${name}(${argumentList(depth, 3)})`;
}

function expression(depth = 0) {
  if (depth > 3) return atom();
  return pick([
    () => filtered(depth), () => filtered(depth), () => filtered(depth), () => filtered(depth),
    () => `${filtered(depth)} | ${pick(filters)}`,
    () => called(depth), () => called(depth), () => called(depth),
    () => `${atom()} is ${maybe(20, () => 'not ')}${pick(tests)}${maybe(40, () => `(${argument(depth)})`)}`,
    () => `${expression(depth + 1)} ${pick(['+', '-', '*', '/', '//', '%', '**', '~', 'and', 'or', '==', '===', '!=', '!==', '<', '<=', '>', '>=', 'in', 'not in'])} ${expression(depth + 1)}`,
    () => `${expression(depth + 1)} ${pick(['+', '-', '*', '//', '%', '~', '<', '=='])} ${atom()} ${pick(['+', '-', '*', '/', '//', '%', '**', '~', '>'])} ${atom()}`,
    () => `${pick(['not ', '-', '+', 'not not '])}${expression(depth + 1)}`,
    () => `${expression(depth + 1)} if ${expression(depth + 1)}${maybe(70, () => ` else ${expression(depth + 1)}`)}`,
    () => `${atom()}[${maybe(50, () => `${argument(depth)}`)}:${maybe(50, () => `${argument(depth)}`)}${maybe(30, () => `:${pick(['1', '-1', '2', '0', '-2', '"1"'])}`)}]`,
    () => `${atom()}[${argument(depth)}]`,
    () => `(${expression(depth + 1)}, ${expression(depth + 1)})`.replace(/^\((.*)\)$/s, (whole, inside) => (random(2) ? whole : `(${inside})`)),
    () => `[${argumentList(depth, 3)}]`,
    () => `{a: ${expression(depth + 1)}, "b c": ${atom()}, "2": 1, "1": 2}`,
    () => `range(${argumentList(depth, 3)})`,
    () => `${pick(['range', 'cycler', 'joiner', 'always', 'nosuch', 'parameters.name'])}(${argumentList(depth, 2)})`,
    () => atom(),
  ])();
}

const interpolation = () => `\${{${pick([' ', '', '- ', '\n'])}${expression(1)}${pick([' ', '', ' -'])}}}`;
const text = () => pick(['a', ' b ', '\n', '\n  ', 'x\n', '  ', '{ }', '$', 'é🎉', '\t', '\r\n', '']);
const open = () => pick(['{% ', '{%- ', '{%', '  {% ']);
const close = () => pick([' %}', ' -%}', '%}', ' %}\n']);
const tag = inside => `${open()}${inside}${close()}`;
const name = () => pick(['x', 'y', 'item', 'loop', 'values']);

function template(depth = 0) {
  if (depth > 3) return text();
  const body = () => repeat(1, 3, () => pick([text, interpolation, () => template(depth + 1)])()).join('');
  return pick([
    () => `${tag(`if ${expression(2)}`)}${body()}${maybe(40, () => `${tag(`${pick(['elif', 'elseif'])} ${expression(2)}`)}${body()}`)}${maybe(50, () => `${tag('else')}${body()}`)}${tag('endif')}`,
    () => `${tag(`for ${pick(['x', 'x', 'k, v', 'a, b, c', 'item'])} in ${maybe(70, variable, expression(2))}`)}\${{ loop.${pick(['index', 'index0', 'revindex', 'revindex0', 'first', 'last', 'length'])} }}\${{ ${pick(['x', 'k', 'v', 'a', 'item', 'c'])} }}${body()}${maybe(40, () => `${tag('else')}${body()}`)}${tag('endfor')}`,
    () => `${tag(`set ${maybe(85, name, 'x, y')} = ${expression(2)}`)}${body()}\${{ x }}`,
    () => `${tag(`set ${name()}`)}${body()}${tag('endset')}\${{ x | upper }}`,
    () => `${tag(`macro m(${pick(['', 'a', 'a, b', 'a, b=2', 'x, y="q", z=a', 'caller'])})`)}[\${{ a }}\${{ b }}\${{ x }}\${{ y }}]${maybe(30, () => '${{ caller() }}')}${body()}${tag('endmacro')}\${{ m(${argumentList(2, 3)}${maybe(30, () => `, b=${atom()}`)}) }}`.replace('(, ', '('),
    () => `${tag('macro w(t)')}<\${{ t }}>\${{ caller(${pick(['', '1', '"a"'])}) }}${tag('endmacro')}${tag(`call${pick(['', '(u)', '(u, v=3)'])} w(${argumentList(2, 1)})`)}${body()}\${{ u }}${tag('endcall')}`,
    () => `${tag(`filter ${pick(['upper', 'lower', 'trim', 'replace("a", "z")', 'indent(2)', 'title', 'nosuch', 'length', 'e'])}`)}${body()}${tag('endfilter')}`,
    () => `${tag(`switch ${expression(2)}`)}${repeat(0, 3, () => `${tag(`case ${atom()}`)}${body()}`).join('')}${maybe(60, () => `${tag('default')}${body()}`)}${tag('endswitch')}`,
    () => `${tag('raw')}${body()}\${{ x }}${tag('endraw')}`,
    () => `${tag('verbatim')}${text()}{% if %}${tag('endverbatim')}`,
    () => `{#${pick(['', '-'])} note ${pick(['', '-'])}#}${body()}`,
    () => `${tag(`block ${pick(['b', 'c'])}`)}${body()}${tag('endblock')}`,
    () => `${tag('set l = [3,1,2]')}${tag('for x in l')}\${{ x }}${maybe(50, () => '${{ l.push(x) if loop.index < 3 }}')}${tag('endfor')}\${{ l }}\${{ l.${pick(['sort()', 'reverse()', 'pop()', 'splice(1,1)', 'concat(l)', 'shift()', 'unshift(0)', 'fill(7,1)'])} }}\${{ l }}`,
    () => `${tag('set c = cycler("a","b")')}\${{ c.next() }}\${{ c.next() }}\${{ c.current }}\${{ c.next() }}\${{ c.reset() }}\${{ c.current }}`,
    () => `${tag('set j = joiner("-")')}${tag('for x in [1,2,3]')}\${{ j() }}\${{ x }}${tag('endfor')}`,
    () => `${text()}${interpolation()}${text()}`,
    () => `${tag(pick(['else', 'endif', 'endfor', 'include "x"', 'import "y" as z', 'nosuch', 'fro', '', 'if', 'for x of y', 'set', 'endset', 'macro 1()', 'call x', 'block 1', 'elif true']))}${text()}`,
  ])();
}

const broken = source => {
  const at = random(source.length + 1);
  return pick([() => source.slice(0, at) + source.slice(at + 1), () => source.slice(0, at) + pick(['"', '(', ')', '}', '%', '{', '|', '.', ' ', ',', '1', '#}', '\\', '-', 'not ', '=']) + source.slice(at)])();
};

for (let index = 0; index < count; index += 1) {
  const opts = {};
  if (random(100) < 6) opts.cookiecutterCompat = true;
  let src = random(100) < 62 ? `\${{ ${expression()} }}` : repeat(1, 3, () => template()).join('');
  if (opts.cookiecutterCompat) src = src.replaceAll('${{', '{{').replaceAll('parameters.', pick(['parameters.', 'cookiecutter.']));
  if (random(100) < 25 && src.includes('%}')) opts.trimBlocks = true;
  if (random(100) < 25 && src.includes('%}')) opts.lstripBlocks = true;
  if (random(100) < 12) src = broken(src);
  // Real renderings without end take minutes to reach the usual limit.
  console.log(JSON.stringify({ opts, src, limits: { workUnits: 20000 } }));
}
