import { joined } from './joined.ts'
import type { Framework } from './project.ts'

/** The route of a framework: its file, and how the app mounts it. */
export function routeOf(
  framework: Framework,
  path: string,
  receiver: string,
  {
    folder,
    extension,
    source,
  }: { readonly folder: string; readonly extension: string; readonly source: string },
): { readonly file: string; readonly text: string; readonly mount: string } {
  if (framework === 'next') {
    const route = `${joined(source, 'app')}${path}`
    const up = '../'.repeat(path.split('/').length)
    return {
      file: `${route}/route.${extension}`,
      text: `import { webhook } from '@postern/next'\nimport { after } from 'next/server'\nimport { receiver } from '${up}webhooks/receiver'\n\nexport const { GET, POST, HEAD, OPTIONS } = webhook(receiver, { after })\n`,
      mount: `Next serves it at ${path}.`,
    }
  }
  const before = framework === 'koa' ? '  const handler = webhook(receiver)\n' : ''
  const typed = extension === 'ts' ? `: ${TYPES[framework]}` : ''
  const types = extension === 'ts' ? IMPORTS[framework] : ''
  return {
    file: `${folder}/route.${extension}`,
    text: `import { webhook } from '@postern/${framework}'\n${types}import { receiver } from '${receiver}'\n\n/** Mounts the route. Call it before any body parser. */\nexport function mountWebhooks(app${typed}) {\n${before}  ${mountOf(framework, path)}\n}\n`,
    mount: `Call mountWebhooks(app) of ${folder}/route.${extension} before any body parser.`,
  }
}

/** The statement that mounts a receiver; on Koa, `handler` is `webhook(receiver)`. */
export function mountOf(framework: Exclude<Framework, 'next'>, path: string): string {
  if (framework === 'koa')
    return `app.use((context, next) => (context.path === '${path}' ? handler(context) : next()))`
  if (framework === 'fastify') return `app.register(webhook(receiver, { path: '${path}' }))`
  return `app.all('${path}', webhook(receiver))`
}

const TYPES = { express: 'Express', hono: 'Hono', koa: 'Koa', fastify: 'FastifyInstance' } as const
const IMPORTS = {
  express: "import type { Express } from 'express'\n",
  hono: "import type { Hono } from 'hono'\n",
  koa: "import type Koa from 'koa'\n",
  fastify: "import type { FastifyInstance } from 'fastify'\n",
} as const
