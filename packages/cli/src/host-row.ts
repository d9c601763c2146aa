import type { InboxName } from './inboxes.ts'

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
  /** The option `window` of an inbox, if the sender needs another than the default; else empty. */
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
