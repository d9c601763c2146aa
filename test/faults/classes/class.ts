import type { DurableName } from '../../services/inboxes.ts'

export type FaultInbox = DurableName | 'memory'

export interface AppOptions {
  readonly inbox: FaultInbox
  /** File or URL of the store, or of a proxy that the fault class can disturb. */
  readonly store: string
  readonly journal: string
  readonly settings?: object
  /** Applies a test migration after the package's own migrations. */
  readonly steps?: 'additive' | 'breaking'
  readonly renamed?: boolean
}

export interface App {
  readonly url: string
  readonly pid: number
  readonly ended: Promise<unknown>
  kill(signal: NodeJS.Signals): void
  /** Moves the app's wall clock by `by` milliseconds. */
  step(by: number): void
}

export interface Told {
  readonly subscription: string
  readonly state: string
  readonly id: string
  readonly error?: string
}

/** Store, apps and sender of a fault class, with their results. */
export interface Scene {
  readonly inbox: FaultInbox
  readonly store: string
  /** Returns random numbers, repeatable by the seed. */
  random(): number
  start(options?: Partial<AppOptions>, flags?: readonly string[]): Promise<App>
  /**
   * Delivers events of a topic repeatedly until each is acknowledged or `time` milliseconds are over. Returns the
   * number of 503 replies.
   */
  deliver(
    app: App | (() => App),
    topic: string,
    ids: readonly string[],
    time?: number,
    payload?: unknown,
  ): Promise<number>
  /** Delivers the topic's acknowledged events once more. */
  again(app: App, topic: string): Promise<void>
  lines(): readonly string[]
  /** Waits until the condition holds. Rejects after two minutes. */
  until(what: string, met: () => boolean | Promise<boolean>): Promise<void>
  /** Records the completed tasks, which may not run again. */
  note(app: App): Promise<void>
  tasks(app: App): Promise<readonly Told[]>
  /** Returns the logs of all apps and the causes that `health` read. */
  said(): string
  /** Reads the health of an app and adds its cause to `said`. */
  health(app: App): Promise<void>
  /** Registers a clean-up function that runs after the class. */
  later(end: () => unknown): void
  /** Marks the end of the fault. From now on, acknowledged events must get done. */
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

/** Class of faults: how to cause it, and what operators must read about it. */
export interface FaultClass {
  readonly name: string
  readonly inboxes: readonly FaultInbox[]
  /** Text that operators must read. Not set if operators cannot help. */
  readonly told?: Partial<Record<FaultInbox, RegExp>> | RegExp
  /** If true, no process dies and no lease ends, so no task may finish twice. */
  readonly whole?: boolean
  /** Topics whose tasks must end dead. */
  readonly dies?: readonly string[]
  /** Returns an app that finishes the work. */
  readonly play: (scene: Scene) => Promise<App>
}

export function ids(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `${name}-${at}`)
}
