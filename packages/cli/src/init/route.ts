import type { FrameworkRow } from '../inboxes.ts'
import { hosts, type Framework } from '../hosts.ts'
import { importPath, slashPath, type Project } from './project.ts'
import type { Language } from './language.ts'

/** The route's file, and how the app gets it. */
interface RouteFile {
  readonly file: string
  readonly text: string
  /** What is left to do by hand. */
  readonly mount: string
}

/** Where a route goes. */
interface RoutePlace {
  /** The path that senders use. */
  readonly path: string
  /** The folder of the receiver. */
  readonly folder: string
  /** The name of the function that mounts it. */
  readonly mount: string
}

/** The route of a project: its file, and how the app mounts it. */
export function routeOf(project: Project, place: RoutePlace, language: Language): RouteFile {
  if (project.framework === 'lambda') return lambdaRoute(place, language)
  if (hosts[project.framework].framework!.route === undefined)
    return nextRoute(project, place, language)
  if (project.routes !== undefined) return loadedRoute(project.routes, place, language)
  return mountedRoute(project, project.framework, place, language)
}

function nextRoute(
  { source }: Project,
  { path, folder }: RoutePlace,
  { extension, ending }: Language,
): RouteFile {
  const file = `${slashPath(source, 'app')}${path}/route.${extension}`
  const receiver = importPath(file, `${folder}/receiver`, ending)
  return {
    file,
    text: `import { webhook } from '@postern/next'\nimport { after } from 'next/server'\nimport { receiver } from '${receiver}'\n\nexport const { GET, POST, HEAD, OPTIONS } = webhook(receiver, { after })\n`,
    mount: `Next.js serves it at ${path}.`,
  }
}

function lambdaRoute({ folder }: RoutePlace, { extension, ending }: Language): RouteFile {
  const file = `${folder}/lambda.${extension}`
  return {
    file,
    text: `import { runDue, webhook } from '@postern/aws-lambda'\nimport { receiver } from './receiver${ending}'\n\nexport const handler = webhook(receiver)\nexport const cron = runDue(receiver, { leave: '2s' })\n`,
    mount: `${file} has two functions: handler for the URL, and cron for a schedule of EventBridge, which runs the handlers.`,
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
  const route = routed('fastify')
  const isTyped = extension === 'ts'
  const called = name.replaceAll(/\W+(\w)/g, (_all, letter: string) => letter.toUpperCase())
  return {
    file,
    text: [
      "import { webhook } from '@postern/fastify'",
      ...(isTyped ? [route.typeImport] : []),
      `import { receiver } from '${importPath(file, `${folder}/receiver`, ending)}'`,
      '',
      `/** The route ${path}. */`,
      `export default async function ${called}(app${isTyped ? `: ${route.type}` : ''}) {`,
      ...route.mount(path).map((line) => `  ${line}`),
      '}',
      '',
    ].join('\n'),
    mount: `@fastify/autoload finds it in ${routes}.`,
  }
}

function mountedRoute(
  { app }: Project,
  framework: Framework,
  { path, folder, mount }: RoutePlace,
  { extension, ending, isCommonJs }: Language,
): RouteFile {
  const route = routed(framework)
  const isTyped = extension === 'ts'
  const file = `${folder}/route.${extension}`
  return {
    file,
    text: [
      `import { webhook } from '${hosts[framework].package}'`,
      ...(isTyped ? [route.typeImport] : []),
      `import { receiver } from './receiver${ending}'`,
      '',
      '/** Mounts the route. Call it before any body parser. */',
      `export function ${mount}(app${isTyped ? `: ${route.type}` : ''}) {`,
      ...route.mount(path).map((line) => `  ${line}`),
      '}',
      '',
    ].join('\n'),
    mount: byHand(),
  }

  function byHand(): string {
    const from = importPath(app?.file ?? 'app', `${folder}/route`, ending)
    const imported = isCommonJs
      ? `const { ${mount} } = require('${from}')`
      : `import { ${mount} } from '${from}'`
    const where =
      app === undefined
        ? 'once the app is made, before any body parser'
        : `after line ${app.after}${app.before === undefined ? '' : `, before ${app.before}`}`
    return `Two lines in ${app?.file ?? 'the file that makes the app'}.\n  with the imports: ${imported}\n  ${where}: ${mount}(${app?.name ?? 'app'})`
  }
}

/** The name of the function that mounts the first route of a project. */
export const MOUNT = 'mountWebhooks'

function routed(framework: Framework): NonNullable<FrameworkRow['route']> {
  return hosts[framework].framework!.route!
}
