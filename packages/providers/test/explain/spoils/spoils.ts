import { BODIES } from './body-spoils.ts'
import { FORMS } from './form-spoils.ts'
import { HEADERS } from './header-spoils.ts'
import { SECRETS } from './secret-spoils.ts'
import type { Spoil } from './spoil.ts'
import { URLS } from './url-spoils.ts'

/** Everything that goes wrong, in the order in which it happens on the way. */
export const SPOILS: readonly Spoil[] = [...SECRETS, ...FORMS, ...BODIES, ...HEADERS, ...URLS]
