import type { InboxName } from './inboxes.ts'

export type HostName = Framework | 'node' | 'fetch'

/** A host that is a framework, or what is in its place. */
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
  /** The adapter; undefined if core's `fetch` is enough. */
  readonly package?: string
  /** The inbox of its app, which outlives the process; 'own' if the package of the host has one. @default 'sqlite' */
  readonly inbox?: InboxName | 'own'
  /** The module of its example that mounts the receiver. @default 'server.ts' */
  readonly main?: string
  /** What `postern init` needs; undefined where it writes no route. */
  readonly framework?: FrameworkRow
}

/** What `postern init` has to know of a framework. */
interface FrameworkRow {
  /** The package by which `init` finds it in package.json; undefined if it must be asked for. */
  readonly dependency: string | undefined
  /** The lowest version of each major that the adapter supports. A test compares them with its package.json. */
  readonly least: readonly string[]
}

/** Every host: one row here, one in `test/services/hosts.ts`, and a folder in `examples/hosts`. Of several frameworks in package.json, `init` takes the first of {@link frameworks}. */
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

// Apps of a framework may have wrangler for their deploys or bindings. A Hono app next to wrangler is a Worker.
const LAST: readonly HostName[] = ['cloudflare', 'hono']

/** The frameworks that `postern init` writes a route for, in the order in which it looks for them. */
export const frameworks: readonly Framework[] = hostNames
  .filter((name): name is Framework => hosts[name].framework !== undefined)
  .toReversed()
  .toSorted((a, b) => LAST.indexOf(a) - LAST.indexOf(b))
