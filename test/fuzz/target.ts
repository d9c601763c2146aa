import type { IRawProperty } from 'fast-check'

/** What random inputs are made for. */
export type Area = 'parsers' | 'headers' | 'schemes' | 'adapters'

/** A law that must hold for any input, and what it needs. */
export interface FuzzTarget {
  /** Its name, for `--only` and the table. */
  readonly name: string
  readonly area: Area
  /** The law. It throws for an input that breaks it. */
  readonly law: () => Promise<Law> | Law
}

/** A property of fast-check, and how to end what it opened. */
export interface Law {
  readonly property: IRawProperty<unknown>
  readonly close?: () => Promise<void>
}

/** A target whose property needs nothing to be opened. */
export function target(
  area: Area,
  name: string,
  property: () => IRawProperty<never> | IRawProperty<unknown>,
): FuzzTarget {
  return { area, name, law: () => ({ property: property() as IRawProperty<unknown> }) }
}
