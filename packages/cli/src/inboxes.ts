import type { Command } from 'commander'

export type InboxName = 'sqlite' | 'memory' | 'bullmq' | 'postgres' | 'mysql'

type PlaceFlag = 'sqlite' | 'redis' | 'postgres' | 'mysql'

/** Options that choose an inbox. Exactly one of them is given, with the inbox's file or URL. */
export type InboxOptions = { readonly [Flag in PlaceFlag]?: string }

interface InboxRow {
  readonly package: string
  readonly factory: string
  /** Storage of the inbox. Undefined for the inbox in memory, which no other process can open. */
  readonly place?: {
    /** Name of the command-line option. `takes` says whether the option has a file or a URL as its argument. */
    readonly flag: PlaceFlag
    readonly takes: 'file' | 'url'
    readonly option: string
    /** File or URL that generated code passes to the factory, as the option named `option`. */
    readonly written: WrittenPlace
    /** Pattern for .gitignore, if the inbox is a file in the project. */
    readonly ignored?: string
  }
}

/**
 * File or URL of an inbox in generated code: a literal, or an environment variable with an example value for `.env`.
 */
type WrittenPlace = string | { readonly variable: string; readonly example: string }

/**
 * All inboxes, in the order in which `postern init` offers them. To add an inbox, add a row here and a row in
 * `test/services/inboxes.ts`.
 */
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
  mysql: {
    package: '@postern/mysql',
    factory: 'mysqlInbox',
    place: {
      flag: 'mysql',
      takes: 'url',
      option: 'connectionString',
      written: {
        variable: 'DATABASE_URL',
        example: 'mysql://user:password@localhost:3306/database',
      },
    },
  },
}

/** Inboxes that a command can open: all except the inbox in memory. */
export const places: readonly Required<InboxRow>[] = Object.values(inboxes).flatMap((row) =>
  row.place === undefined ? [] : [{ ...row, place: row.place }],
)

/** Adds the options that choose an inbox. Their help text starts with `told`, or with "open the inbox". */
export function placeOptions(command: Command, told?: string): Command {
  for (const { package: from, place } of places)
    command.option(`--${place.flag} <${place.takes}>`, `${told ?? 'open the inbox'} of ${from}`)
  return command
}

export function placesTold(): string {
  const flags = places.map(({ place }) => `--${place.flag} ${place.takes}`)
  return `${flags.slice(0, -1).join(', ')} and ${flags.at(-1)}`
}
