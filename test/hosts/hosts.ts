/** Host to check, with the commands that build and start it. */
export interface Host {
  readonly name: string
  /** npm packages in addition to Postern's. Hosts with the same list share a folder. */
  readonly packages: readonly string[]
  /** Postern packages in addition to core and providers. */
  readonly ours: readonly string[]
  /** Command to run before the start. */
  readonly build?: readonly string[]
  readonly start: readonly string[]
  /** Folder in `apps`, whose files are copied into the root of the host's folder. */
  readonly files?: string
  /** Route of the framework that must still reject forms from other sites. */
  readonly guarded?: string
  readonly env?: Readonly<Record<string, string>>
  /** False if the server exits at once on a signal. Pending tasks then need a durable inbox. */
  readonly waits: boolean
  /** Kind of host. `npm run test:all` runs the one host per kind that has this. */
  readonly kind?: string
}

/** Frameworks that are small enough to be installed together. */
const LIGHT = [
  'express@5',
  'koa@3',
  'fastify@5',
  'hono@4',
  '@hono/node-server@2',
  'h3@2',
  'elysia@1',
  '@google-cloud/functions-framework@5',
]
const OURS = ['node', 'express', 'koa', 'fastify', 'hono', 'aws-lambda', 'cloudflare']
const nest = (major: number): readonly string[] => [
  ...['common', 'core', 'platform-express', 'platform-fastify'].map(
    (one) => `@nestjs/${one}@${major}`,
  ),
  'reflect-metadata@0.2',
  'rxjs@7',
]

const light = (name: string, app: string, more: Partial<Host> = {}): Host => ({
  name,
  packages: LIGHT,
  ours: OURS,
  start: ['node', `${app}.mjs`],
  waits: true,
  ...more,
})
const onNest = (major: number, more: Partial<Host>): Host => ({
  name: `NestJS ${major} on Express`,
  packages: nest(major),
  ours: ['nestjs', 'fastify'],
  start: ['node', 'nest.mjs'],
  waits: true,
  ...more,
})

export const hosts: readonly Host[] = [
  light('node:http', 'node'),
  light('Express 5', 'express', { kind: 'a server of Node' }),
  light('Koa 3', 'koa'),
  light('Fastify 5', 'fastify'),
  light('Hono 4 on Node', 'hono'),
  light('h3 2', 'h3', { waits: false, kind: 'Web requests' }),
  light('Google Cloud, Firebase functions', 'functions', {
    start: [
      'node',
      'node_modules/@google-cloud/functions-framework/build/src/main.js',
      '--target=hook',
      '--source=functions.mjs',
    ],
    waits: false,
    kind: 'a body that was read before',
  }),
  light('AWS Lambda (function URL)', 'lambda', { waits: false, kind: 'events of a cloud' }),
  // Has no kind, so `test:all` leaves it out. `npm test` already runs Workers with their Durable Object in workerd.
  light('Workers (workerd)', 'worker', {
    build: [
      'esbuild',
      'worker.mjs',
      '--bundle',
      '--format=esm',
      '--external:node:*',
      '--external:cloudflare:*',
      '--outfile=worker.bundle.js',
    ],
    start: [
      'sh',
      '-c',
      'mkdir -p objects && exec workerd serve --experimental --socket-addr=http=127.0.0.1:$PORT worker.capnp',
    ],
    waits: false,
  }),
  onNest(12, {}),
  onNest(12, { name: 'NestJS 12 on Fastify', env: { FASTIFY: '1' } }),
  onNest(11, {}),
  onNest(11, { name: 'NestJS 11 on Fastify', env: { FASTIFY: '1' } }),
  light('Bun.serve', 'bun', { start: ['bun', 'bun.mjs'], waits: false }),
  light('Elysia 1 on Bun', 'elysia', { start: ['bun', 'elysia.mjs'], waits: false }),
  light('Deno.serve', 'deno', {
    start: ['deno', 'run', '--no-remote', '--no-check', '-A', 'deno.mjs'],
    waits: false,
  }),
  {
    name: 'SvelteKit 3, in front of adapter-node',
    packages: [
      '@sveltejs/kit@3',
      '@sveltejs/adapter-node@6',
      '@sveltejs/vite-plugin-svelte@7',
      'svelte@5',
      'vite@8',
    ],
    ours: ['node'],
    files: 'kit',
    build: ['node', 'node_modules/vite/bin/vite.js', 'build'],
    start: ['node', 'front-kit.mjs'],
    env: { ORIGIN: 'https://app.example' },
    guarded: '/form',
    waits: true,
  },
  {
    name: 'Astro 7, in front of @astrojs/node',
    packages: ['astro@7', '@astrojs/node@11'],
    ours: ['node'],
    files: 'astro',
    build: ['node', 'node_modules/astro/bin/astro.mjs', 'build'],
    start: ['node', 'front-astro.mjs'],
    env: { ASTRO_TELEMETRY_DISABLED: '1', ASTRO_NODE_AUTOSTART: 'disabled' },
    guarded: '/form',
    waits: true,
  },
  {
    name: 'Nuxt 4 (Nitro 2, h3 1)',
    packages: ['nuxt@4'],
    ours: [],
    files: 'nuxt',
    build: ['node', 'node_modules/nuxt/bin/nuxt.mjs', 'build'],
    start: ['node', '.output/server/index.mjs'],
    waits: false,
  },
  light('Supabase Edge Functions (Deno)', 'supabase', {
    start: ['deno', 'run', '--no-remote', '--no-check', '-A', 'supabase.mjs'],
    waits: false,
  }),
  {
    name: 'React Router 8',
    packages: [
      'react-router@8.4.0',
      '@react-router/serve@8.4.0',
      '@react-router/node@8.4.0',
      '@react-router/dev@8.4.0',
      'react@19',
      'react-dom@19',
      'vite@8',
      'isbot@5',
    ],
    ours: [],
    files: 'rr',
    build: ['node_modules/.bin/react-router', 'build'],
    start: ['node_modules/.bin/react-router-serve', './build/server/index.js'],
    waits: false,
  },
  {
    name: 'TanStack Start 1 (Nitro 3)',
    // For `@1`, npm chooses an older 1.x. With that version, the latest Nitro serves no routes.
    packages: [
      '@tanstack/react-start@1.169.5',
      '@tanstack/react-router@1',
      'react@19',
      'react-dom@19',
      'vite@8',
      '@vitejs/plugin-react@6',
      'nitro@3.0.260903-beta',
    ],
    ours: [],
    files: 'tanstack',
    build: ['node', 'node_modules/vite/bin/vite.js', 'build'],
    start: ['node', '.output/server/index.mjs'],
    waits: false,
  },
]
