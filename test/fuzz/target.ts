import type { IRawProperty } from 'fast-check'

export type Area = 'parsers' | 'headers' | 'schemes' | 'adapters'

/** Law that must hold for any input. */
export interface FuzzTarget {
  /** Name for `--only` and the table. */
  readonly name: string
  readonly area: Area
  /** Returns the law. It throws for an input that breaks it. */
  readonly law: () => Promise<Law> | Law
}

/** Property of fast-check, with its clean-up. */
export interface Law {
  readonly property: IRawProperty<unknown>
  readonly close?: () => Promise<void>
}

type Property = IRawProperty<never> | IRawProperty<unknown>

/** Creates a target whose property opens nothing. */
export function target(
  area: Area,
  name: string,
  property: () => Property | Promise<Property>,
): FuzzTarget {
  return {
    area,
    name,
    law: async () => ({ property: (await property()) as IRawProperty<unknown> }),
  }
}
