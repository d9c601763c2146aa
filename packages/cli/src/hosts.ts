import type { HostRow } from './inboxes.ts'
import { nestApp } from './sender/nest-app.ts'
import { workerApp } from './sender/worker-app.ts'

/** The name of a host. */
export type HostName = Framework | 'node' | 'fetch'

/** A host that is a framework, or what stands in its place. */
export type Framework =
  | 'express'
  | 'hono'
  | 'koa'
  | 'fastify'
  | 'next'
  | 'cloudflare'
  | 'nest'
  | 'lambda'

/** Every host: one row here, and one in `test/services/hosts.ts`. Of several frameworks in package.json, `init` takes the first of {@link frameworks}. */
export const hosts: Readonly<Record<HostName, HostRow>> = {
  express: {
    package: '@postern/express',
    versions: '5 and 4',
    mounted: "`app.all('/webhooks/github', webhook(receiver))`, before any body parser",
    app: (path) => ({
      imports: ["import express from 'express'"],
      lines: ['const app = express()', BEFORE, ...all(path), 'app.listen(3000)'],
    }),
    framework: {
      dependency: 'express',
      least: ['4.21.0', '5.0.0'],
      route: {
        type: 'Express',
        typeImport: "import type { Express } from 'express'",
        mount: all,
        made: String.raw`(?:express|require\(['"]express['"]\))\s*\(`,
      },
    },
  },
  hono: {
    package: '@postern/hono',
    mounted: "`app.all('/webhooks/github', webhook(receiver))`",
    app: (path) => ({
      imports: ["import { serve } from '@hono/node-server'", "import { Hono } from 'hono'"],
      lines: ['const app = new Hono()', ...all(path), 'serve({ fetch: app.fetch, port: 3000 })'],
    }),
    framework: {
      dependency: 'hono',
      least: ['4.0.0'],
      route: {
        type: 'Hono',
        typeImport: "import type { Hono } from 'hono'",
        mount: all,
        made: String.raw`new\s+(?:Hono|OpenAPIHono)\b`,
      },
    },
  },
  koa: {
    package: '@postern/koa',
    mounted: "`router.all('/webhooks/github', webhook(receiver))`",
    app(path) {
      const [handler, mounted] = onKoa(path)
      return {
        imports: ["import Koa from 'koa'"],
        lines: ['const app = new Koa()', handler, BEFORE, mounted, 'app.listen(3000)'],
      }
    },
    framework: {
      dependency: 'koa',
      least: ['2.16.0', '3.0.0'],
      route: {
        type: 'Koa',
        typeImport: "import type Koa from 'koa'",
        mount: onKoa,
        made: String.raw`new\s+(?:Koa|\(require\(['"]koa['"]\)\))\b`,
      },
    },
  },
  fastify: {
    package: '@postern/fastify',
    mounted: "`fastify.register(webhook(receiver, { path: '/webhooks/github' }))`",
    app: (path) => ({
      imports: ["import Fastify from 'fastify'"],
      lines: ['const app = Fastify()', register(path), 'await app.listen({ port: 3000 })'],
    }),
    framework: {
      dependency: 'fastify',
      least: ['5.0.0'],
      route: {
        type: 'FastifyInstance',
        typeImport: "import type { FastifyInstance } from 'fastify'",
        // Else tests that close the app would wait for the receiver for ever.
        mount: (path) => [register(path), "app.addHook('onClose', () => receiver.close())"],
        made: String.raw`(?:await\s+)?(?:[fF]astify|require\(['"]fastify['"]\))\s*(?:<[^>]*>)?\s*\(`,
      },
    },
  },
  next: {
    package: '@postern/next',
    versions: 'App Router',
    mounted:
      '`export const { GET, POST, HEAD, OPTIONS } = webhook(receiver, { after })` in `app/webhooks/github/route.ts`',
    inbox: 'postgres',
    app: (path) => ({
      imports: ["import { after } from 'next/server'"],
      lines: [
        `// The file app${path}/route.ts`,
        'export const { GET, POST, HEAD, OPTIONS } = webhook(receiver, { after })',
      ],
    }),
    framework: { dependency: 'next', least: ['15.0.0'] },
  },
  cloudflare: {
    package: '@postern/cloudflare',
    versions: 'Workers, with an inbox in a Durable Object',
    mounted: "`export default worker(receivers, 'WEBHOOKS')`",
    inbox: 'own',
    environment: 'env',
    app: workerApp,
    framework: { dependency: 'wrangler', least: [] },
  },
  nest: {
    package: '@postern/nestjs',
    versions: '12 and 11, on Express or Fastify',
    mounted: "`PosternModule.receiver('github', '/webhooks/github', { useFactory })`",
    app: nestApp,
    framework: { dependency: '@nestjs/core', least: ['11.0.0'] },
  },
  node: {
    package: '@postern/node',
    mounted: '`createServer(webhook(receiver))`',
    app: (path) => ({
      imports: ["import { createServer } from 'node:http'"],
      lines: [
        'const handler = webhook(receiver)',
        'createServer((request, response) => {',
        `  if (request.url?.startsWith('${path}')) void handler(request, response)`,
        '  else response.writeHead(404).end()',
        '}).listen(3000)',
      ],
    }),
  },
  lambda: {
    package: '@postern/aws-lambda',
    versions: 'function URLs, API Gateway, load balancers',
    mounted: '`export const handler = webhook(receiver)`',
    inbox: 'postgres',
    app: () => ({
      imports: [],
      lines: [
        "// Nothing runs after the reply: give the receiver worker: 'onDemand' and a schedule with runDue(receiver), or inlineInbox.",
        'export const handler = webhook(receiver)',
      ],
    }),
    framework: { dependency: undefined, least: [] },
  },
  fetch: {
    versions: 'Bun, Deno, Workers, SvelteKit …',
    mounted: '`receiver.fetch(request, { waitUntil })`',
    inbox: 'postgres',
    app: () => ({
      imports: [],
      lines: [
        '// Workers, Deno, Bun and others. On Workers, give { waitUntil } too.',
        'export default { fetch: (request: Request) => receiver.fetch(request) }',
      ],
    }),
  },
}

/** The names of {@link hosts}. */
export const hostNames: readonly HostName[] = Object.keys(hosts) as HostName[]

// Apps of a framework may have wrangler for their deploys or bindings. A Hono app beside wrangler is a Worker.
const LAST: readonly HostName[] = ['cloudflare', 'hono']

/** The frameworks that `postern init` writes a route for, in the order in which it looks for them. */
export const frameworks: readonly Framework[] = hostNames
  .filter((name): name is Framework => hosts[name].framework !== undefined)
  .toReversed()
  .toSorted((a, b) => LAST.indexOf(a) - LAST.indexOf(b))

const BEFORE = '// Before any body parser.'

function all(path: string): readonly string[] {
  return [`app.all('${path}', webhook(receiver))`]
}

function onKoa(path: string): readonly [handler: string, mounted: string] {
  return [
    'const handler = webhook(receiver)',
    `app.use((context, next) => (context.path === '${path}' ? handler(context) : next()))`,
  ]
}

function register(path: string): string {
  return `app.register(webhook(receiver, { path: '${path}' }))`
}
