import { BODIES } from './body-spoils.ts'
import { FORMS } from './form-spoils.ts'
import { HEADERS } from './header-spoils.ts'
import { SECRETS } from './secret-spoils.ts'
import type { Spoil } from './spoil.ts'
import { URLS } from './url-spoils.ts'

/** All spoils, in the order in which they happen on the way to a receiver. */
export const SPOILS: readonly Spoil[] = [...SECRETS, ...FORMS, ...BODIES, ...HEADERS, ...URLS]
