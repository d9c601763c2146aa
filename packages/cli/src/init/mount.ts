import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Filling } from '../sender/example.ts'
import { upper } from '../sender/sender.ts'
import { factoryOf, providerCall, variablesIn, windowOf } from '../sender/written.ts'
import { bare, importPath, slashPath, type Project } from './project.ts'

export interface InitPlace {
  /** Folder for the provider's files: `webhooks`, or a subfolder if `webhooks` already has another provider. */
  readonly folder: string
  /** File that creates the inbox, if the project already has a provider. The new provider uses the same inbox. */
  readonly first: string | undefined
}

interface Mounting extends InitPlace {
  readonly project: Project
  readonly filling: Filling
  readonly ending: string
  /** Example files that are written, with their path in the project. */
  readonly targets: ReadonlyMap<string, string>
  /** Returns the lines that the user must add by hand to the file `to`. The lines come from an example file. */
  readonly code: (file: string, to: string) => readonly string[]
}

/** Returns text that tells the user what to add by hand. Lines of code start with two spaces. */
export function mountOf(mounting: Mounting): readonly string[] {
  const { project, filling, first } = mounting
  const signer = filling.gateway ?? filling.about
  const window = windowOf(signer)
  return [
    ...linesOf(mounting),
    ...(first === undefined || window === ''
      ? []
      : [
          `${signer.title} delivers again for long: the inbox needs ${window} (in ${project.framework === 'cloudflare' ? 'worker, both calls' : first}).`,
        ]),
    ...(signer.covers?.url
      ? [
          `${signer.title} signs the URL. If a proxy or tunnel changes it, give webhook() the option publicBase: the origin that ${signer.title} calls, such as https://example.com.`,
        ]
      : []),
  ]
}

function linesOf(mounting: Mounting): readonly string[] {
  const { project, filling, targets, first, code } = mounting
  const { framework, source, routes, parsers, app = slashPath(source, 'app.ts') } = project
  const { path } = filling
  if (framework === 'nest') return nestLines(mounting)
  if (framework === 'cloudflare') return workerLines(mounting)
  if (framework === 'lambda')
    return [
      `${targets.get('webhooks/lambda.ts')} has two functions: handler for the URL, and cron for a schedule of EventBridge, which runs the handlers.`,
    ]
  if (framework === 'next') {
    const file = slashPath(source, 'instrumentation.ts')
    return [
      `Next.js serves it at ${path}.`,
      ...(targets.has('instrumentation.ts')
        ? []
        : [
            `Add what this has to ${bare(file)}, so that a deploy loses nothing:`,
            ...code('instrumentation.ts', file),
          ]),
      'To close the inbox at shutdown, run next start with NEXT_MANUAL_SIG_HANDLE=true.',
    ]
  }
  if (routes !== undefined) return [`@fastify/autoload finds it in ${routes}.`]
  return [
    `Add these lines to ${project.app ?? 'the file that makes the app'}, the last one where it listens:`,
    ...code('server.ts', app).filter((line) => /webhook|receiver|closeOnSignal/.test(line)),
    ...(first === undefined ? [] : ['closeOnSignal is called once, with all receivers.']),
    ...(parsers.length === 0
      ? []
      : [`The route must come before the body parsers at ${parsers.join(', ')}.`]),
  ]
}

function nestLines({ project, targets, first, ending, filling }: Mounting): readonly string[] {
  const app = slashPath(project.source, 'app.module.ts')
  const name = first === undefined ? 'WebhooksModule' : moduleName(filling.about.name)
  const module = bare(targets.get('webhooks/webhooks.module.ts')!)
  return [
    `Add these lines to ${existsSync(join(project.folder, app)) ? app : 'the module of the app'}:`,
    `  import { ${name} } from '${importPath(app, module, ending)}'`,
    `  @Module({ imports: [${name}] })`,
    ...(first === undefined
      ? ['And to main.ts, so that a deploy loses nothing:', '  app.enableShutdownHooks()']
      : []),
  ]
}

export function moduleName(name: string): string {
  const words = upper(name).toLowerCase()
  return `${words.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())}Module`
}

function workerLines(mounting: Mounting): readonly string[] {
  const { project, filling, targets, first, ending, code } = mounting
  const variables = variablesIn(providerCall(filling, 'env'))
  const secrets = [
    'Before a deploy, put each secret:',
    ...variables.map((name) => `  npx wrangler secret put ${name}`),
  ]
  if (first !== undefined) {
    const { factory } = factoryOf(filling.about)
    const from = importPath(first, bare(targets.get('webhooks/receiver.ts')!), ending)
    return [
      `Add these lines to ${first}, so that one object has both: the import, each secret in Env, the receivers in what it returns.`,
      `  import { receivers as ${factory}Receivers } from '${from}'`,
      ...(project.typeScript ? variables.map((name) => `  readonly ${name}: string`) : []),
      `  ...${factory}Receivers(env, inbox)`,
      ...secrets,
    ]
  }
  if (targets.has('wrangler.jsonc'))
    return [
      `wrangler.jsonc serves it at ${filling.path}. Start it with npx wrangler dev.`,
      ...secrets,
    ]
  const worker = bare(targets.get('webhooks/worker.ts')!)
  const from = importPath(slashPath(project.source, 'index'), worker, ending)
  return [
    'Add the object and its migration to the settings of wrangler, as tables if they are in TOML:',
    ...code('wrangler.jsonc', 'wrangler.jsonc').filter((line) => /"(?:durable|migra)/.test(line)),
    'And these lines to the main module, the last one first in its fetch:',
    `  import webhooks from '${from}'`,
    `  export { Webhooks } from '${from}'`,
    `  if (new URL(request.url).pathname === '${filling.path}') return webhooks.fetch(request, env, ctx)`,
    'The compatibility_date must be 2026-08-04 or later, or compatibility_flags have nodejs_compat.',
    ...secrets,
  ]
}
