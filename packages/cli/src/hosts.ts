import type { InboxName } from './inboxes.ts'

export type HostName = Framework | 'node' | 'fetch'

/** Frameworks and platforms that `postern init` writes a route for. */
export type Framework =
  | 'express'
  | 'hono'
  | 'koa'
  | 'fastify'
  | 'next'
  | 'cloudflare'
  | 'nest'
  | 'lambda'

interface HostRow {
  /** Package of the adapter. Undefined if `receiver.fetch` of @postern/core is enough. */
  readonly package?: string
  /** Inbox of the example app. 'own' means the inbox that the adapter's package contains. @default 'sqlite' */
  readonly inbox?: InboxName | 'own'
  /** Module of the example app that mounts the receiver. @default 'server.ts' */
  readonly main?: string
  /** Undefined if `postern init` writes no route for this host. */
  readonly framework?: FrameworkRow
}

interface FrameworkRow {
  /**
   * Package in package.json by which `init` recognizes the framework. Undefined if the user must give `--framework`.
   */
  readonly dependency: string | undefined
  /** Lowest supported version of each major version. A test compares these with the adapter's package.json. */
  readonly least: readonly string[]
}

/**
 * All hosts: frameworks and platforms that run a receiver. Each has a row here, a row in `test/services/hosts.ts`, and
 * a folder in `examples/hosts`. If package.json has several frameworks, `init` uses the first of {@link frameworks}.
 */
export const hosts: Readonly<Record<HostName, HostRow>> = {
  express: {
    package: '@postern/express',
    framework: {
      dependency: 'express',
      least: ['4.21.0', '5.0.0'],
    },
  },
  hono: {
    package: '@postern/hono',
    framework: {
      dependency: 'hono',
      least: ['4.0.0'],
    },
  },
  koa: {
    package: '@postern/koa',
    framework: {
      dependency: 'koa',
      least: ['2.16.0', '3.0.0'],
    },
  },
  fastify: {
    package: '@postern/fastify',
    framework: {
      dependency: 'fastify',
      least: ['5.0.0'],
    },
  },
  next: {
    package: '@postern/next',
    inbox: 'postgres',
    main: 'app/webhooks/github/route.ts',
    framework: { dependency: 'next', least: ['15.0.0'] },
  },
  cloudflare: {
    package: '@postern/cloudflare',
    inbox: 'own',
    main: 'webhooks/worker.ts',
    framework: { dependency: 'wrangler', least: [] },
  },
  nest: {
    package: '@postern/nestjs',
    main: 'main.ts',
    framework: { dependency: '@nestjs/core', least: ['11.0.0'] },
  },
  node: { package: '@postern/node' },
  lambda: {
    package: '@postern/aws-lambda',
    inbox: 'postgres',
    main: 'webhooks/lambda.ts',
    framework: { dependency: undefined, least: [] },
  },
  fetch: { inbox: 'postgres' },
}

export const hostNames: readonly HostName[] = Object.keys(hosts) as HostName[]

// Frameworks that `init` looks for last. Cloudflare is late, because an app of another framework may use wrangler only
// to deploy. Hono is last, because an app with wrangler and Hono is a Worker.
const LAST: readonly HostName[] = ['cloudflare', 'hono']

/** Frameworks that `postern init` writes a route for, in the order in which `init` looks for them in package.json. */
export const frameworks: readonly Framework[] = hostNames
  .filter((name): name is Framework => hosts[name].framework !== undefined)
  .toReversed()
  .toSorted((a, b) => LAST.indexOf(a) - LAST.indexOf(b))
