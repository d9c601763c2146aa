import type { About } from '@postern/core/scheme'
import type { InboxName } from '../inboxes.ts'

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
