import type { About } from '@postern/core/scheme'
import { variablesOf } from '../sender.ts'
import { toCommonJs } from './common-js.ts'
import { joined } from './joined.ts'
import type { Framework, Project } from './project.ts'
import { routeOf } from './route.ts'
import { testOf } from './test-file.ts'

/** Inboxes that `init` sets up. */
export const INBOXES = ['sqlite', 'memory', 'bullmq', 'pg-boss'] as const
export type InboxName = (typeof INBOXES)[number]

/** What `init` was asked for. */
export interface Wanted {
  readonly framework: Framework
  readonly about: About
  readonly inbox: InboxName
  /** Path of the route. */
  readonly path: string
}

/** What `init` will do. */
export interface InitPlan {
  /** New files by their path in the project. */
  readonly files: ReadonlyMap<string, string>
  /** The line for `.env`. */
  readonly env: string
  /** Packages to install, and those for development. */
  readonly packages: readonly string[]
  readonly development: readonly string[]
  /** What is left to do by hand. */
  readonly mount: string
}

const INBOX: Readonly<Record<InboxName, readonly [name: string, from: string, made: string]>> = {
  memory: ['memoryInbox', '@postern/core', 'memoryInbox()'],
  sqlite: ['sqliteInbox', '@postern/sqlite', "sqliteInbox({ path: 'webhooks.db' })"],
  bullmq: ['bullmqInbox', '@postern/bullmq', 'bullmqInbox({ connection: process.env.REDIS_URL })'],
  'pg-boss': [
    'pgBossInbox',
    '@postern/pg-boss',
    'pgBossInbox({ connectionString: process.env.DATABASE_URL })',
  ],
}

/** Plans the files of a receiver, its handlers, its route and its test. Nothing is written. */
export function planOf(project: Project, { framework, about, inbox, path }: Wanted): InitPlan {
  const { isModule, isTypeScript, runner, source } = project
  const extension = isTypeScript ? 'ts' : 'js'
  const folder = joined(source, 'webhooks')
  const variable = variablesOf(about)[0]!
  const factory = about.name.replaceAll(/[-.](\w)/g, (_all, letter: string) => letter.toUpperCase())
  const from = `@postern/providers/${about.name.replaceAll('.', '-')}`
  const [make, inboxFrom, made] = INBOX[inbox]
  const topic = about.topics[0] ?? '**'
  const near = (name: string): string => `./${name}.${extension}`
  const own = isTypeScript ? ': Receiver' : ''
  const secret = about.secretOption
  const given =
    secret === undefined
      ? '{ unauthenticated: true }'
      : `{ ${secret}: process.env.${variable}${isTypeScript ? '!' : ''} }`

  const handlers = [
    ...(isTypeScript ? ["import type { Receiver } from '@postern/core'", ''] : []),
    '/** What happens with events. Tests use it too. */',
    `export function subscribe(receiver${own}) {`,
    `  receiver.on('${topic}', { name: 'first' }, async (event) => {`,
    '    console.log(event.topic, event.id)',
    '  })',
    '}',
    '',
  ].join('\n')
  const receiver = [
    inbox === 'memory'
      ? "import { createReceiver, memoryInbox } from '@postern/core'"
      : `import { createReceiver } from '@postern/core'\nimport { ${make} } from '${inboxFrom}'`,
    `import { ${factory} } from '${from}'`,
    `import { subscribe } from '${near('handlers')}'`,
    '',
    `export const receiver = createReceiver({`,
    `  provider: ${factory}(${given}),`,
    `  inbox: ${isTypeScript ? made.replace(/process\.env\.\w+/, '$&!') : made},`,
    '})',
    'subscribe(receiver)',
    '',
  ].join('\n')
  const files = new Map([
    [`${folder}/handlers.${extension}`, handlers],
    [`${folder}/receiver.${extension}`, receiver],
  ])
  const route = routeOf(framework, path, near('receiver'), { folder, extension, source })
  files.set(route.file, route.text)
  const tested = testOf(about, { factory, from, topic, runner, near })
  if (tested !== undefined) files.set(`${folder}/${about.name}.test.${extension}`, tested)
  return {
    files:
      isModule || isTypeScript
        ? files
        : new Map([...files].map(([name, text]) => [name, toCommonJs(text)])),
    env: `${variable}=<your-secret>`,
    packages: [
      '@postern/core',
      '@postern/providers',
      `@postern/${framework}`,
      ...(inboxFrom === '@postern/core' ? [] : [inboxFrom]),
    ],
    development: tested === undefined ? [] : ['@postern/testing'],
    mount: route.mount,
  }
}
