import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import {
  factoryOf,
  providerCall,
  senderImports,
  windowOf,
  receiverImports,
  receiverLines,
  type WrittenSender,
} from '../sender/written.ts'
import {
  BINDING,
  CLASS,
  envLines,
  exportLines,
  receiversLines,
  secretsOf,
  SETTINGS,
} from '../sender/worker-app.ts'
import { importPath, slashPath, type Project } from './project.ts'
import type { Language } from './language.ts'
import { MOUNT } from './route.ts'
import type { About } from '@postern/core/scheme'
import type { InboxName } from '../inboxes.ts'
import type { Framework } from '../hosts.ts'

// nodejs_compat is on from 2026-08-04.
const COMPATIBILITY = '2026-11-01'

/** The receivers of a Worker, its Durable Object, and the settings of both if there are none yet. */
export function workerParts(
  { folder: root, source }: Project,
  { about, gateway, path, topic }: Wanted,
  { folder, mount }: InitPlace,
  { extension, ending }: Language,
): InitParts {
  const isTyped = extension === 'ts'
  const { factory } = factoryOf(about)
  const sender = { about, gateway }
  const provider = providerCall(sender, isTyped, 'env')
  // A second sender joins the object of the first.
  const isFirst = mount === MOUNT
  const types = ['Receivers', ...(isFirst ? ['ObjectNamespace'] : [])].toSorted()
  const receiver = [
    ...(isTyped ? [`import type { ${types.join(', ')} } from '@postern/cloudflare'`] : []),
    `import { ${gateway ? 'behind, ' : ''}createReceiver } from '@postern/core'`,
    ...senderImports(sender),
    `import { subscribe } from './handlers${ending}'`,
    '',
    ...(isTyped
      ? [
          '/** What the settings of the Worker give it. */',
          ...exported(envLines(provider, isFirst)),
          '',
        ]
      : []),
    '/** Made twice: in the Worker, which verifies, and in the object, which runs the handlers. Keep no state here. */',
    ...exported(receiversLines({ path, provider, isTyped, subscribe: ['subscribe(receiver)'] })),
    '',
  ]
  const files = new Map([
    [`${folder}/handlers.${extension}`, handlersFile(topic, isTyped)],
    [`${folder}/receiver.${extension}`, receiver.join('\n')],
  ])
  const handlers = `${folder}/handlers`
  if (!isFirst) return { files, handlers, mount: joined() }

  const main = `${folder}/worker`
  files.set(
    `${main}.${extension}`,
    [
      "import { durableObject, worker } from '@postern/cloudflare'",
      `import { receivers } from './receiver${ending}'`,
      '',
      '/** Stores the events and runs the handlers. */',
      ...exportLines(windowOf(gateway ?? about)),
      '',
    ].join('\n'),
  )
  const settings = ['wrangler.jsonc', 'wrangler.json', 'wrangler.toml'].find((name) =>
    existsSync(join(root, name)),
  )
  if (settings === undefined) files.set('wrangler.jsonc', settingsOf(root, `${main}.${extension}`))
  return { files, handlers, mount: [...mounted(settings, main), ...secrets()].join('\n') }

  function mounted(found: string | undefined, worker: string): readonly string[] {
    const from = importPath(slashPath(source, 'index'), worker, ending)
    if (found === undefined)
      return [`wrangler.jsonc serves it at ${path}. Start it with npx wrangler dev.`]
    return [
      `Lines in ${found}, and in its main module.`,
      ...(found.endsWith('.toml')
        ? [`  at the end of ${found}:`, ...TOML.map((line) => `    ${line}`)]
        : SETTINGS.map((line) => `  in ${found}: ${line}`)),
      `  with the imports: import webhooks from '${from}'`,
      `  next to its exports: export { ${CLASS} } from '${from}'`,
      `  first in its fetch: if (new URL(request.url).pathname === '${path}') return webhooks.fetch(request, env, ctx)`,
      `The compatibility_date must be 2026-08-04 or later, or compatibility_flags have nodejs_compat.`,
    ]
  }

  function joined(): string {
    const window = windowOf(gateway ?? about)
    const own = importPath('webhooks/receiver', `webhooks/${about.name}/receiver`, ending)
    return [
      `Lines in ${folder.slice(0, folder.lastIndexOf('/'))}/receiver.${extension}, so that one object has both.`,
      `  with the imports: import { receivers as ${factory}Receivers } from '${own}'`,
      ...(isTyped ? secretsOf(provider).map((name) => `  in Env: readonly ${name}: string`) : []),
      `  in what it returns: ...${factory}Receivers(env, inbox)`,
      ...(window === ''
        ? []
        : [
            `  in worker.${extension}, instead of a shorter one:`,
            ...exportLines(window).map((line) => `    ${line}`),
          ]),
      ...secrets(),
    ].join('\n')
  }

  function secrets(): readonly string[] {
    return [
      ...(existsSync(join(root, '.dev.vars'))
        ? ['.dev.vars is there, so wrangler dev reads no .env: put the lines of .env into it.']
        : []),
      'Before a deploy, put each secret:',
      ...secretsOf(provider).map((name) => `  npx wrangler secret put ${name}`),
    ]
  }
}

const TOML: readonly string[] = [
  '[[durable_objects.bindings]]',
  `name = "${BINDING}"`,
  `class_name = "${CLASS}"`,
  '[[migrations]]',
  'tag = "postern-1"',
  `new_sqlite_classes = ["${CLASS}"]`,
]

function settingsOf(root: string, main: string): string {
  const name = basename(root)
    .toLowerCase()
    .replaceAll(/[^a-z\d]+/g, '-')
  return [
    '{',
    `  "name": "${name.replaceAll(/^-|-$/g, '') || 'webhooks'}",`,
    `  "main": "${main}",`,
    `  "compatibility_date": "${COMPATIBILITY}",`,
    ...SETTINGS.map((line) => `  ${line}`),
    '}',
    '',
  ].join('\n')
}

function exported([first, ...rest]: readonly string[]): readonly string[] {
  return [`export ${first}`, ...rest]
}

/** What `init` was asked for. */
export interface Wanted {
  readonly about: About
  /** What verifies in the sender's place. Undefined if the sender delivers by itself. */
  readonly gateway: About | undefined
  /** Undefined if the host has one of its own. */
  readonly inbox: InboxName | undefined
  /** Path of the route. */
  readonly path: string
  /** The topic of the first handler. */
  readonly topic: string
}

/** Where the files go. */
export interface InitPlace {
  readonly folder: string
  /** The name of the function that mounts the route. */
  readonly mount: string
}

/** What is written for one framework. */
export interface InitParts {
  readonly files: Map<string, string>
  /** The file of the handlers, without its extension. */
  readonly handlers: string
  /** What is left to do by hand. */
  readonly mount: string
}

/** What the receiver's file says. */
export function receiverOf(
  sender: WrittenSender,
  {
    framework,
    inbox,
    language: { extension, ending },
  }: { readonly framework: Framework; readonly inbox: InboxName; readonly language: Language },
): string {
  const isNext = framework === 'next'
  const lines = receiverLines(sender, {
    inbox,
    isTyped: extension === 'ts',
    isNext,
    drains: framework === 'lambda',
    subscribe: ['subscribe(receiver)'],
  })
  return [
    ...receiverImports(inbox, sender),
    ...(isNext ? ["import { hotReloadable, singleton } from '@postern/next'"] : []),
    ...senderImports(sender),
    `import { subscribe } from './handlers${ending}'`,
    '',
    ...lines.map((line) => line.replace(/^const receiver\b/, 'export const receiver')),
    '',
  ].join('\n')
}

/** The file of the handlers. */
export function handlersFile(topic: string, isTyped: boolean): string {
  return [
    ...(isTyped ? ["import type { Receiver } from '@postern/core'", ''] : []),
    '/** What happens with events. Tests use it too. */',
    `export function subscribe(receiver${isTyped ? ': Receiver' : ''}) {`,
    `  receiver.on('${topic}', { name: 'first' }, async (event) => {`,
    '    console.log(event.topic, event.id)',
    '  })',
    '}',
    '',
  ].join('\n')
}
