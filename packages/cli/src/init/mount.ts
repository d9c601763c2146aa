import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { filled, workerSettings, type Filling } from '../sender/example.ts'
import { factoryOf, providerCall, variablesIn, windowOf } from '../sender/written.ts'
import { upper } from '../sender/sender.ts'
import type { Language } from './language.ts'
import { bare, importPath, slashPath, type Project } from './project.ts'

/** Where the files go. */
export interface InitPlace {
  /** `webhooks`, or a folder of the sender in it if that holds another sender already. */
  readonly folder: string
  /** The file whose inbox a second sender shares. */
  readonly first: string | undefined
}

/** What was planned before. */
interface Planned {
  readonly language: Language
  readonly files: ReadonlyMap<string, string>
}

/** What is left to do by hand, in lines. Those with code begin with two blanks. */
export function mountOf(
  project: Project,
  place: InitPlace,
  filling: Filling,
  planned: Planned,
): readonly string[] {
  const { about, gateway } = filling
  const signer = gateway ?? about
  const window = windowOf(signer)
  return [
    ...linesOf(project, place, filling, planned),
    ...(place.first === undefined || window === '' || project.framework === 'cloudflare'
      ? []
      : [
          `Give the inbox of ${place.first} ${window}, unless it has a longer one: so long ${signer.title} delivers again.`,
        ]),
    ...(signer.covers?.url
      ? [
          `${signer.title} signs the URL. If a proxy or tunnel changes it, give webhook() the option publicBase: the origin that ${signer.title} calls, such as https://example.com.`,
        ]
      : []),
  ]
}

function linesOf(
  project: Project,
  place: InitPlace,
  filling: Filling,
  { language, files }: Planned,
): readonly string[] {
  const { framework, routes } = project
  if (framework === 'nest') return nestLines(project, place, filling, language)
  if (framework === 'cloudflare') return workerLines(project, place, filling, language)
  if (framework === 'next') return nextLines(project, place, filling, language, files)
  if (framework === 'lambda')
    return [
      `${place.folder}/lambda.${language.extension} has two functions: handler for the URL, and cron for a schedule of EventBridge, which runs the handlers.`,
    ]
  if (routes !== undefined) return [`@fastify/autoload finds it in ${routes}.`]
  return appLines(project, place, filling, language)
}

/** The lines of the example's server that an app needs: those with imports of Postern, between making the app and listening, and the last. */
function appLines(
  { app, framework, isModule, typeScript }: Project,
  { folder, first }: InitPlace,
  filling: Filling,
  { ending }: Language,
): readonly string[] {
  const lines = filled(`${framework}/server.ts`, filling).split('\n').filter(Boolean)
  const isSecond = first !== undefined
  const { factory } = factoryOf(filling.about)
  const imports = lines.flatMap((line) => {
    const [, names, from] = /^import \{ (.+) \} from '((?:@postern|\.).*)'$/.exec(line) ?? []
    if (names === undefined || (isSecond && !from!.startsWith('.'))) return []
    const to = from!.startsWith('.')
      ? importPath(
          app?.file ?? slashPath(folder.split('/')[0] === 'src' ? 'src' : '', 'app'),
          `${folder}/receiver`,
          ending,
        )
      : from
    const taken = isSecond ? `receiver as ${factory}Receiver` : names
    return isModule || typeScript
      ? [`import { ${taken} } from '${to}'`]
      : [`const { ${taken.replaceAll(' as ', ': ')} } = require('${to}')`]
  })
  const body = lines.filter((line) => !line.startsWith('import '))
  const name = app?.name ?? 'app'
  const mounted = body.slice(1, -2).map((line) => {
    const [code = ''] = line.split(' // ')
    const own = code.replace(/^(?:app|server)\b/, name)
    return isSecond
      ? own.replaceAll(
          /\b(receiver|handler)\b/g,
          (one) => factory + one[0]!.toUpperCase() + one.slice(1),
        )
      : own
  })
  const where =
    app === undefined
      ? 'once the app is made, before any body parser'
      : `after line ${app.after}${app.before === undefined ? '' : `, before ${app.before}`}`
  const isInstance = framework === 'fastify'
  const close = body
    .at(-1)!
    .replace('{ server', isInstance && name !== 'server' ? `{ server: ${name}` : '{ server')
  return [
    `Lines in ${app?.file ?? 'the file that makes the app'}.`,
    ...imports.map((line) => `  with the imports: ${line}`),
    ...mounted.map((line) => `  ${where}: ${line}`),
    ...(isSecond
      ? [`  in the receivers of closeOnSignal: ${factory}Receiver`]
      : [`  once it listens, so that a deploy loses nothing: ${close}`]),
    ...(isSecond || isInstance ? [] : ['server is what listen() or serve() returns.']),
  ]
}

function nestLines(
  { folder, source }: Project,
  { folder: place, first }: InitPlace,
  { about }: Filling,
  { ending }: Language,
): readonly string[] {
  const app = slashPath(source, 'app.module.ts')
  const [name, file] =
    first === undefined
      ? ['WebhooksModule', 'webhooks.module']
      : [moduleName(about.name), `${about.name}.module`]
  return [
    `Lines in ${existsSync(join(folder, app)) ? app : 'the module of the app'}.`,
    `  with the imports: import { ${name} } from '${importPath(app, `${place}/${file}`, ending)}'`,
    `  in the imports of @Module: ${name}`,
    ...(first === undefined
      ? ['  and in main.ts, so that a deploy loses nothing: app.enableShutdownHooks()']
      : []),
  ]
}

function nextLines(
  { source }: Project,
  { folder, first }: InitPlace,
  { about, path }: Filling,
  { ending }: Language,
  files: ReadonlyMap<string, string>,
): readonly string[] {
  const file = slashPath(source, 'instrumentation')
  const isWritten = [...files.keys()].some((one) => bare(one) === file)
  const from = importPath(file, `${folder}/receiver`, ending)
  const { factory } = factoryOf(about)
  return [
    `Next.js serves it at ${path}.`,
    ...(isWritten
      ? []
      : first === undefined
        ? [
            `Lines in register() of ${file}, for the runtime nodejs, so that a deploy loses nothing.`,
            "  const { closeOnSignal } = await import('@postern/node')",
            `  const { inbox, receiver } = await import('${from}')`,
            '  closeOnSignal({ receivers: [receiver], inboxes: [inbox] })',
          ]
        : [
            `Lines in register() of ${file}.`,
            `  const { receiver: ${factory}Receiver } = await import('${from}')`,
            `  in the receivers of closeOnSignal: ${factory}Receiver`,
          ]),
    'It closes when NEXT_MANUAL_SIG_HANDLE=true is set in the environment of next start.',
  ]
}

function workerLines(
  { folder: root, source }: Project,
  { folder, first }: InitPlace,
  filling: Filling,
  { extension, ending }: Language,
): readonly string[] {
  const { about, gateway, path } = filling
  const isTyped = extension === 'ts'
  const variables = variablesIn(providerCall(filling, 'env'))
  const secrets = [
    'Before a deploy, put each secret:',
    ...variables.map((name) => `  npx wrangler secret put ${name}`),
  ]
  if (first !== undefined) {
    const { factory } = factoryOf(about)
    const from = importPath(first, `${folder}/receiver`, ending)
    const window = windowOf(gateway ?? about)
    return [
      `Lines in ${first}, so that one object has both.`,
      `  with the imports: import { receivers as ${factory}Receivers } from '${from}'`,
      ...(isTyped ? variables.map((name) => `  in Env: readonly ${name}: string`) : []),
      `  in what it returns: ...${factory}Receivers(env, inbox)`,
      ...(window === ''
        ? []
        : [
            `  in worker.${extension}, instead of a shorter one:`,
            ...filled('cloudflare/webhooks/worker.ts', filling)
              .split('\n')
              .filter((line) => line.startsWith('export'))
              .map((line) => `    ${line}`),
          ]),
      ...secrets,
    ]
  }
  const found = ['wrangler.jsonc', 'wrangler.json', 'wrangler.toml'].find((name) =>
    existsSync(join(root, name)),
  )
  if (found === undefined)
    return [`wrangler.jsonc serves it at ${path}. Start it with npx wrangler dev.`, ...secrets]
  const from = importPath(slashPath(source, 'index'), `${folder}/worker`, ending)
  const settings = workerSettings()
    .split('\n')
    .filter((line) => /"(?:durable|migra)/.test(line))
  return [
    `Lines in ${found}, and in its main module.`,
    ...(found.endsWith('.toml')
      ? [`  at the end of ${found}:`, ...tomlOf(settings.join('')).map((line) => `    ${line}`)]
      : settings.map((line) => `  in ${found}: ${line.trim()}`)),
    `  with the imports: import webhooks from '${from}'`,
    `  next to its exports: export { Webhooks } from '${from}'`,
    `  first in its fetch: if (new URL(request.url).pathname === '${path}') return webhooks.fetch(request, env, ctx)`,
    'The compatibility_date must be 2026-08-04 or later, or compatibility_flags have nodejs_compat.',
    ...secrets,
  ]
}

/** Tables of TOML for the binding and the migration, from their lines in JSON. */
function tomlOf(settings: string): readonly string[] {
  const values = [...settings.matchAll(/"([a-z_]+)": ("[^"]+"|\["[^\]]+\])/g)]
  const [binding, migration] = [values.slice(0, 2), values.slice(2)].map((all) =>
    all.map(([, name, value]) => `${name} = ${value}`),
  )
  return ['[[durable_objects.bindings]]', ...binding!, '[[migrations]]', ...migration!]
}

/** The name of the module of Nest for a sender. */
export function moduleName(name: string): string {
  const words = upper(name).toLowerCase()
  return `${words.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())}Module`
}
