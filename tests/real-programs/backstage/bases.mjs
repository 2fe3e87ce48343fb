// One valid entity of each kind, with every field that the kind has.
const metadata = {
  name: 'svc', namespace: 'shop', title: 'A service', description: 'Does things',
  labels: { 'example.com/tier': 'one', plain: '' },
  annotations: { 'backstage.io/techdocs-ref': 'dir:.', note: 'any text: even this' },
  tags: ['java', 'a-b'],
  links: [{ url: 'https://example.com/x', title: 'X', icon: 'dashboard', type: 'doc' }],
  uid: 'u', etag: 'e',
};
const entity = (kind, spec, apiVersion = 'backstage.io/v1alpha1') => ({ apiVersion, kind, metadata, spec });

export const bases = [
  entity('Component', {
    type: 'service', lifecycle: 'production', owner: 'team-a', system: 'shop', subcomponentOf: 'whole',
    providesApis: ['b-api', 'a-api'], consumesApis: ['other/c-api'], dependsOn: ['resource:db', 'component:x/y'],
    dependencyOf: ['component:front'],
  }, 'backstage.io/v1beta1'),
  entity('API', { type: 'openapi', lifecycle: 'experimental', owner: 'user:bob', system: 'shop', definition: 'openapi: 3' }),
  entity('Resource', { type: 'database', owner: 'team-a', system: 'x/shop', dependsOn: ['resource:disk'], dependencyOf: ['component:svc'] }),
  entity('System', { owner: 'team-a', domain: 'sales', type: 'product' }),
  entity('Domain', { owner: 'team-a', subdomainOf: 'all', type: 'area' }),
  entity('Group', {
    type: 'team', profile: { displayName: 'A', email: 'a@example.com', picture: 'https://example.com/a.png' },
    parent: 'dept', children: ['team-b'], members: ['bob', 'User:x/eve'],
  }),
  entity('User', { profile: { displayName: 'Bob', email: 'b@example.com', picture: 'p' }, memberOf: ['team-a'] }),
  entity('Location', { type: 'url', target: './x.yaml', targets: ['./y.yaml', './z.yaml'], presence: 'optional' }),
  entity('Template', {
    type: 'service', owner: 'team-a', lifecycle: 'production',
    parameters: [{ title: 'P', when: '${{ true }}', 'backstage:permissions': { tags: ['a'] }, properties: { a: { type: 'string' } } }],
    secrets: { schema: { type: 'object' } },
    presentation: { buttonLabels: { backButtonText: 'b', createButtonText: 'c', reviewButtonText: 'r' } },
    EXPERIMENTAL_recovery: { EXPERIMENTAL_strategy: 'none' },
    formDecorators: [{ id: 'd', input: { a: 1 } }], EXPERIMENTAL_formDecorators: [{ id: 'd', input: {} }],
    steps: [{ id: 's', name: 'S', action: 'debug:log', input: { message: 'x' }, if: true, 'backstage:permissions': { tags: ['t'] } }],
    output: {
      links: [{ if: 'x', url: 'https://x', entityRef: 'component:a', title: 't', icon: 'i' }],
      text: [{ if: true, title: 't', icon: 'i', content: '' }],
    },
  }, 'scaffolder.backstage.io/v1beta3'),
];
