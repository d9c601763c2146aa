import type { Command } from 'commander'

/** The name of an inbox. */
export type InboxName = 'sqlite' | 'memory' | 'bullmq' | 'postgres'

/** An option of the command line that chooses an inbox. */
type PlaceFlag = 'sqlite' | 'redis' | 'postgres'

/** The place of an inbox: one of these options. */
export type InboxOptions = { readonly [Flag in PlaceFlag]?: string }

/** An inbox that the command line knows. */
interface InboxRow {
  /** The package, which is installed beside the app. */
  readonly package: string
  /** The function that makes the inbox. */
  readonly factory: string
  /** Where the inbox keeps its tasks; undefined in the memory of the process, into which no command can look. */
  readonly place?: {
    /** The option of the command line, and what it takes. */
    readonly flag: PlaceFlag
    readonly takes: 'file' | 'url'
    /** The option of the factory. */
    readonly option: string
    /** What written apps have for that option. */
    readonly written: WrittenPlace
    /** What git must not take, if the place is in the project. */
    readonly ignored?: string
  }
}

/** What is written for the place of an inbox: its text, or a variable and what `.env` has for it. */
export type WrittenPlace = string | { readonly variable: string; readonly example: string }

/** Every inbox, in the order in which `postern init` offers them: a new one is one row here and one in `test/services/inboxes.ts`. */
export const inboxes: Readonly<Record<InboxName, InboxRow>> = {
  sqlite: {
    package: '@postern/sqlite',
    factory: 'sqliteInbox',
    place: {
      flag: 'sqlite',
      takes: 'file',
      option: 'path',
      written: 'webhooks.db',
      ignored: 'webhooks.db*',
    },
  },
  memory: { package: '@postern/core', factory: 'memoryInbox' },
  bullmq: {
    package: '@postern/bullmq',
    factory: 'bullmqInbox',
    place: {
      flag: 'redis',
      takes: 'url',
      option: 'connection',
      written: { variable: 'REDIS_URL', example: 'redis://localhost:6379' },
    },
  },
  postgres: {
    package: '@postern/postgres',
    factory: 'postgresInbox',
    place: {
      flag: 'postgres',
      takes: 'url',
      option: 'connectionString',
      written: {
        variable: 'DATABASE_URL',
        example: 'postgres://user:password@localhost:5432/database',
      },
    },
  },
}

/** The inboxes that a command can look into. */
export const places: readonly Required<InboxRow>[] = Object.values(inboxes).flatMap((row) =>
  row.place === undefined ? [] : [{ ...row, place: row.place }],
)

/** Adds the options that choose an inbox. `told` says what an option means to the command, if it is more than the place. */
export function placeOptions(command: Command, told?: string): Command {
  for (const { package: from, place } of places)
    command.option(`--${place.flag} <${place.takes}>`, `${told ?? 'open the inbox'} of ${from}`)
  return command
}

/** How the options are told in a sentence: `--sqlite file, --redis url and --postgres url`. */
export function placesTold(): string {
  const flags = places.map(({ place }) => `--${place.flag} ${place.takes}`)
  return `${flags.slice(0, -1).join(', ')} and ${flags.at(-1)}`
}

/** What the command line and the README say of a host. */
export interface HostRow {
  /** The adapter; undefined if core's `fetch` is enough. */
  readonly package?: string
  /** What README's table says of versions. */
  readonly versions?: string
  /** How it is mounted, in README's table: code, and what is to be said with it. */
  readonly mounted: string
  /** The inbox of that app, which outlives the process; 'own' if the package of the host has one. @default 'sqlite' */
  readonly inbox?: InboxName | 'own'
  /** Where written code reads a secret. @default 'process.env' */
  readonly environment?: Environment
  /** The whole app of `postern providers --host`. */
  readonly app: (path: string, sender: SenderText) => AppText
  /** What `postern init` needs; undefined where it writes no route. */
  readonly framework?: FrameworkRow
}

/** What holds the secrets of an app: it is undefined there, or its type has it. */
export type Environment = 'process.env' | 'env'

/** The sender of an app, as code. */
export interface SenderText {
  readonly name: string
  readonly topic: string
  /** The lines of the option `provider`. */
  readonly provider: readonly string[]
  /** The call that makes the inbox; empty if it is the host's own. */
  readonly inbox: string
  /** The option `dedupeWindow` of an inbox, if the sender needs another than the default; else empty. */
  readonly window: string
}

/** The text of an app. */
export interface AppText {
  /** Lines of import beside those of Postern. */
  readonly imports: readonly string[]
  /** The lines behind the receiver. */
  readonly lines: readonly string[]
  /** True if these lines make the receiver too. */
  readonly makesReceiver?: true
}

/** How `postern init` writes a route for a framework. */
export interface FrameworkRow {
  /** The package by which `init` finds it in package.json; undefined if it must be asked for. */
  readonly dependency: string | undefined
  /** The least version that the adapter takes, by major version: a test compares them with its package.json. */
  readonly least: readonly string[]
  /** A function that mounts the route on the app; undefined if the framework finds a route by its file. */
  readonly route?: {
    /** The type of the app, and how it is imported. */
    readonly type: string
    readonly typeImport: string
    /** The statements that mount `webhook(receiver)` on `app`. */
    readonly mount: (path: string) => readonly string[]
    /** A pattern of the expression that makes an app. */
    readonly made: string
  }
}
