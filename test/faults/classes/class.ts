import type { DurableName } from '../../services/inboxes.ts'

/** Name of an inbox, including memory. */
export type FaultInbox = DurableName | 'memory'

export interface AppOptions {
  readonly inbox: FaultInbox
  /** File or URL, or a proxy to it that a class can disturb. */
  readonly store: string
  readonly journal: string
  readonly settings?: object
  /** Test migration on top of the package's layout. */
  readonly steps?: 'additive' | 'breaking'
  /** True renames the ordered subscription. */
  readonly renamed?: boolean
}

export interface App {
  readonly url: string
  readonly pid: number
  readonly ended: Promise<unknown>
  kill(signal: NodeJS.Signals): void
  /** Moves its wall clock by milliseconds. */
  step(by: number): void
}

/** Task as an app returns it. */
export interface Told {
  readonly subscription: string
  readonly state: string
  readonly id: string
  readonly error?: string
}

/** Scene with a store, its apps, a sender, and their results. */
export interface Scene {
  readonly inbox: FaultInbox
  readonly store: string
  /** Returns random numbers, the same for the same seed. */
  random(): number
  start(options?: Partial<AppOptions>, flags?: readonly string[]): Promise<App>
  /**
   * Delivers events of a topic repeatedly until each is acknowledged or the time in milliseconds is over. Returns the
   * number of 503 replies.
   */
  deliver(
    app: App | (() => App),
    topic: string,
    ids: readonly string[],
    time?: number,
    payload?: unknown,
  ): Promise<number>
  /** Delivers acknowledged events once more. */
  again(app: App, topic: string): Promise<void>
  /** Returns the lines that handlers wrote. */
  lines(): readonly string[]
  /** Waits until the condition holds. Rejects after two minutes. */
  until(what: string, met: () => boolean | Promise<boolean>): Promise<void>
  /** Records the completed tasks, which may not run again. */
  note(app: App): Promise<void>
  tasks(app: App): Promise<readonly Told[]>
  /** Returns the logs of all apps, and the health causes that were read. */
  said(): string
  /** Reads the health of an app and adds its cause to `said`. */
  health(app: App): Promise<void>
  /** Runs after the scene. */
  later(end: () => unknown): void
  /** Ends the fault: acknowledged events must now be done. */
  over(): void
}

export interface ClassReport {
  readonly acknowledged: number
  readonly lost: number
  readonly again: number
  readonly givenUp: number
  readonly stuck: number
  readonly seconds: number
  readonly told: string
  readonly seed: number
}

/** Class of faults: how to play it, and which words operators must get. */
export interface FaultClass {
  readonly name: string
  readonly inboxes: readonly FaultInbox[]
  /** Text that operators must read; absent if operators cannot help. */
  readonly told?: Partial<Record<FaultInbox, RegExp>> | RegExp
  /** True if no process dies and no lease ends: no task may finish twice. */
  readonly whole?: boolean
  /** Topics whose tasks must end dead. */
  readonly dies?: readonly string[]
  /** Returns an app that finishes the work. */
  readonly play: (scene: Scene) => Promise<App>
}

export function ids(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `${name}-${at}`)
}
