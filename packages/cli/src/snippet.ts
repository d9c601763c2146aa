import type { About } from '@postern/core/scheme'
import { mountOf } from './init/route.ts'
import { variablesOf } from './sender.ts'

/** Hosts that {@link snippetOf} writes an app for. */
export const HOSTS = ['express', 'koa', 'fastify', 'hono', 'next', 'node', 'fetch'] as const
export type HostName = (typeof HOSTS)[number]

/** A whole app for one sender on one host, in TypeScript. */
export function snippetOf(about: About, host: HostName): string {
  const path = `/webhooks/${about.name}`
  const [imports, app] = PARTS[host](path)
  const module = about.name.replaceAll('.', '-')
  const factory = about.name.replaceAll(/[-.](\w)/g, (_all, letter: string) => letter.toUpperCase())
  return `import { createReceiver } from '@postern/core'
${imports[0]}import { ${factory} } from '@postern/providers/${module}'
${imports[1]}
const receiver = createReceiver({ provider: ${factory}(${given(about)}) })
receiver.on('${about.topics[0] ?? '**'}', async (event) => {
  console.log(event.topic, event.payload)
})

${app}`
}

function given(about: About): string {
  return about.secretOption === undefined
    ? '{}'
    : `{ ${about.secretOption}: process.env.${variablesOf(about)[0]}! }`
}

type Parts = (
  path: string,
) => readonly [imports: readonly [own: string, others: string], app: string]

const PARTS: Readonly<Record<HostName, Parts>> = {
  express: (path) => [
    ["import { webhook } from '@postern/express'\n", "import express from 'express'\n"],
    `const app = express()\n// Before any body parser.\n${mountOf('express', path)}\napp.listen(3000)`,
  ],
  koa: (path) => [
    ["import { webhook } from '@postern/koa'\n", "import Koa from 'koa'\n"],
    `const app = new Koa()\nconst handler = webhook(receiver)\n// Before any body parser.\n${mountOf('koa', path)}\napp.listen(3000)`,
  ],
  fastify: (path) => [
    ["import { webhook } from '@postern/fastify'\n", "import Fastify from 'fastify'\n"],
    `const app = Fastify()\n${mountOf('fastify', path)}\nawait app.listen({ port: 3000 })`,
  ],
  hono: (path) => [
    [
      "import { webhook } from '@postern/hono'\n",
      "import { serve } from '@hono/node-server'\nimport { Hono } from 'hono'\n",
    ],
    `const app = new Hono()\n${mountOf('hono', path)}\nserve({ fetch: app.fetch, port: 3000 })`,
  ],
  next: (path) => [
    ["import { webhook } from '@postern/next'\n", "import { after } from 'next/server'\n"],
    `// The file app${path}/route.ts\nexport const { GET, POST, HEAD, OPTIONS } = webhook(receiver, { after })`,
  ],
  node: (path) => [
    ["import { webhook } from '@postern/node'\n", "import { createServer } from 'node:http'\n"],
    `const handler = webhook(receiver)
createServer((request, response) => {
  if (request.url?.startsWith('${path}')) void handler(request, response)
  else response.writeHead(404).end()
}).listen(3000)`,
  ],
  fetch: () => [
    ['', ''],
    '// Workers, Deno, Bun and others. On Workers, give { waitUntil } too.\nexport default { fetch: (request: Request) => receiver.fetch(request) }',
  ],
}
