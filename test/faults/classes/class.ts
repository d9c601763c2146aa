import type { DurableName } from '../../services/inboxes.ts'

/** The name of an inbox, that of memory included. */
export type FaultInbox = DurableName | 'memory'

/** What an app is told. */
export interface AppOptions {
  readonly inbox: FaultInbox
  /** File or URL; a class may give a way to it that it can spoil. */
  readonly store: string
  readonly journal: string
  /** Options of the inbox. */
  readonly settings?: object
  /** An invented step on top of the layout of the package. */
  readonly steps?: 'additive' | 'breaking'
  /** The subscription with an order has another name. */
  readonly renamed?: boolean
}

/** A process with a receiver. */
export interface App {
  readonly url: string
  readonly pid: number
  readonly ended: Promise<unknown>
  kill(signal: NodeJS.Signals): void
  /** Moves its wall clock, in milliseconds. */
  step(by: number): void
}

/** A task as an app tells it. */
export interface Told {
  readonly subscription: string
  readonly state: string
  readonly id: string
  readonly error?: string
}

/** A store, apps on it, a sender, and what came of it. */
export interface Scene {
  readonly inbox: FaultInbox
  readonly store: string
  /** Numbers by chance, the same for a seed. */
  random(): number
  start(options?: Partial<AppOptions>, flags?: readonly string[]): Promise<App>
  /** Delivers events of a topic, again and again until each is acknowledged or the time is over, in milliseconds. */
  deliver(
    app: App | (() => App),
    topic: string,
    ids: readonly string[],
    time?: number,
    payload?: unknown,
  ): Promise<void>
  /** Delivers what was acknowledged once more. */
  again(app: App, topic: string): Promise<void>
  /** Lines that handlers wrote. */
  lines(): readonly string[]
  /** Resolves when the lines, or what was said, have it; rejects after two minutes. */
  until(what: string, met: () => boolean | Promise<boolean>): Promise<void>
  /** Notes what is settled now: it may not run again. */
  note(app: App): Promise<void>
  tasks(app: App): Promise<readonly Told[]>
  /** All that the apps wrote to their logs, and causes of health that were asked for. */
  said(): string
  /** Asks an app for its health; its cause is said. */
  health(app: App): Promise<void>
  /** Runs when the scene is over. */
  later(end: () => unknown): void
  /** The fault is over: what is acknowledged has to be done from here on. */
  over(): void
}

/** What came of a class on an inbox. */
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

/** A class of faults: how it is played, and which words tell it. */
export interface FaultClass {
  readonly name: string
  readonly inboxes: readonly FaultInbox[]
  /** What operators must read; absent if nothing is wrong that anybody could do something about. */
  readonly told?: Partial<Record<FaultInbox, RegExp>> | RegExp
  /** True if nothing dies or loses its lease: no task may run to its end twice. */
  readonly whole?: boolean
  /** Topics whose tasks are meant to end dead. */
  readonly dies?: readonly string[]
  /** Leaves an app that takes the work to its end. */
  readonly play: (scene: Scene) => Promise<App>
}

/** Ids of events. */
export function ids(name: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `${name}-${at}`)
}
