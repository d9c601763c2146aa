import type { InboxName } from './inboxes.ts'

/** The name of a host. */
export type HostName = Framework | 'node' | 'fetch' | 'lambda'

/** A host that is a framework, whose name is that of its package. */
export type Framework = 'express' | 'hono' | 'koa' | 'fastify' | 'next'

/** What the command line and the README say of a host. */
export interface HostRow {
  /** The adapter; undefined if core's `fetch` is enough. */
  readonly package?: string
  /** What README's table says of versions. */
  readonly versions?: string
  /** How it is mounted, in README's table: code, and what is to be said with it. */
  readonly mounted: string
  /** The inbox of that app, which outlives the process. @default 'sqlite' */
  readonly inbox?: InboxName
  /** The whole app of `postern providers --host`. */
  readonly app: (path: string) => AppText
  /** What `postern init` needs; undefined where it writes no route. */
  readonly framework?: FrameworkRow
}

/** The text of an app. */
interface AppText {
  /** Lines of import beside those of Postern. */
  readonly imports: readonly string[]
  /** The lines behind the receiver. */
  readonly lines: readonly string[]
}

/** How `postern init` writes a route for a framework. */
export interface FrameworkRow {
  /** The least version that the adapter takes, by major version: a test compares them with its package.json. */
  readonly least: readonly string[]
  /** A function that mounts the route on the app; undefined if the framework finds a route by its file. */
  readonly route?: {
    /** The type of the app, and how it is imported. */
    readonly type: string
    readonly typeImport: string
    /** The statements that mount `webhook(receiver)` on `app`. */
    readonly mount: (path: string) => readonly string[]
    /** A pattern of the expression that makes an app. */
    readonly made: string
  }
}

/**
 * Every host: a new one is one row here, and one in `test/services/hosts.ts`. If package.json has several frameworks, `init` takes
 * the last of this list.
 */
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
    framework: { least: ['15.0.0'] },
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
        "// Nothing runs after the reply: give the receiver work: 'drain' and a schedule with drain(receiver), or inlineInbox.",
        'export const handler = webhook(receiver)',
      ],
    }),
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

/** The frameworks that `postern init` writes a route for, in the order in which it looks for them. */
export const frameworks: readonly Framework[] = hostNames
  .filter((name): name is Framework => hosts[name].framework !== undefined)
  .toReversed()

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
