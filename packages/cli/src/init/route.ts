import { importPath, joined } from './joined.ts'
import type { Language } from './language.ts'
import type { Framework, Project } from './project.ts'

/** The route's file, and how the app gets it. */
export interface RouteFile {
  readonly file: string
  readonly text: string
  /** What is left to do by hand. */
  readonly mount: string
}

/** Where a route goes. */
export interface RoutePlace {
  /** The path that senders use. */
  readonly path: string
  /** The folder of the receiver. */
  readonly folder: string
  /** The name of the function that mounts it. */
  readonly mount: string
}

/** The route of a project: its file, and how the app mounts it. */
export function routeOf(project: Project, place: RoutePlace, language: Language): RouteFile {
  if (project.framework === 'next') return nextRoute(project, place, language)
  if (project.routes !== undefined) return loadedRoute(project.routes, place, language)
  return mountedRoute(project, project.framework, place, language)
}

function nextRoute(
  { source }: Project,
  { path, folder }: RoutePlace,
  { extension, ending }: Language,
): RouteFile {
  const file = `${joined(source, 'app')}${path}/route.${extension}`
  const receiver = importPath(file, `${folder}/receiver`, ending)
  return {
    file,
    text: `import { webhook } from '@postern/next'\nimport { after } from 'next/server'\nimport { receiver } from '${receiver}'\n\nexport const { GET, POST, HEAD, OPTIONS } = webhook(receiver, { after })\n`,
    mount: `Next.js serves it at ${path}.`,
  }
}

/** A file that `@fastify/autoload` finds by itself. */
function loadedRoute(
  routes: string,
  { path, folder, mount }: RoutePlace,
  { extension, ending }: Language,
): RouteFile {
  const name = mount === MOUNT ? 'webhooks' : folder.split('/').at(-1)!
  const file = `${routes}/${name}.${extension}`
  const receiver = importPath(file, `${folder}/receiver`, ending)
  const isTyped = extension === 'ts'
  return {
    file,
    text: `import { webhook } from '@postern/fastify'\n${isTyped ? IMPORTS.fastify : ''}import { receiver } from '${receiver}'\n\n/** The route ${path}. */\nexport default async function ${name.replaceAll(/\W+(\w)/g, (_all, letter: string) => letter.toUpperCase())}(app${isTyped ? `: ${TYPES.fastify}` : ''}) {\n  ${mountOf('fastify', path)}\n${CLOSED}}\n`,
    mount: `@fastify/autoload finds it in ${routes}.`,
  }
}

function mountedRoute(
  { app }: Project,
  framework: Exclude<Framework, 'next'>,
  { path, folder, mount }: RoutePlace,
  { extension, ending, isCommonJs }: Language,
): RouteFile {
  const before = framework === 'koa' ? '  const handler = webhook(receiver)\n' : ''
  const behind = framework === 'fastify' ? CLOSED : ''
  const typed = extension === 'ts' ? `: ${TYPES[framework]}` : ''
  const types = extension === 'ts' ? IMPORTS[framework] : ''
  const file = `${folder}/route.${extension}`
  return {
    file,
    text: `import { webhook } from '@postern/${framework}'\n${types}import { receiver } from './receiver${ending}'\n\n/** Mounts the route. Call it before any body parser. */\nexport function ${mount}(app${typed}) {\n${before}  ${mountOf(framework, path)}\n${behind}}\n`,
    mount: app === undefined ? `Call ${mount}(app) of ${file} before any body parser.` : byHand(),
  }

  function byHand(): string {
    const from = importPath(app!.file, `${folder}/route`, ending)
    const imported = isCommonJs
      ? `const { ${mount} } = require('${from}')`
      : `import { ${mount} } from '${from}'`
    const where =
      app!.before === undefined
        ? `after line ${app!.after}`
        : `after line ${app!.after}, before ${app!.before}`
    return `Two lines in ${app!.file}.\n  with the imports: ${imported}\n  ${where}: ${mount}(${app!.name})`
  }
}

// Else tests that close the app would wait for the receiver for ever.
const CLOSED = "  app.addHook('onClose', () => receiver.close())\n"

/** The name of the function that mounts the first route of a project. */
export const MOUNT = 'mountWebhooks'

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
