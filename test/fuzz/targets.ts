import { adapterTargets } from './adapters.ts'
import { bodyTargets } from './bodies.ts'
import { headerTargets } from './headers.ts'
import { jsonTargets } from './json.ts'
import { originTargets } from './origins.ts'
import { schemeTargets } from './schemes.ts'
import type { FuzzTarget } from './target.ts'
import { xmlTargets } from './xml.ts'

export const targets: readonly FuzzTarget[] = [
  ...jsonTargets,
  ...bodyTargets,
  ...xmlTargets,
  ...headerTargets,
  ...originTargets,
  ...schemeTargets,
  ...adapterTargets,
]
