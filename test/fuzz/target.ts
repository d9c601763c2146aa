import type { IRawProperty } from 'fast-check'

export type Area = 'parsers' | 'headers' | 'schemes' | 'adapters'

/** Property that must hold for any input. */
export interface FuzzTarget {
  /** Name in the table. `--only` selects targets by it. */
  readonly name: string
  readonly area: Area
  /** Returns the property. It throws for an input that fails. */
  readonly law: () => Promise<Law> | Law
}

/** fast-check property with its clean-up function. */
export interface Law {
  readonly property: IRawProperty<unknown>
  readonly close?: () => Promise<void>
}

type Property = IRawProperty<never> | IRawProperty<unknown>

/** Creates a target whose property needs no clean-up. */
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
