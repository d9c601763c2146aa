import { FAMILY_OPTIONS } from '../schemes/standard-family.ts'
import { supabaseAuthHooks } from '../supabase-auth-hooks.ts'
import { JSON_TYPE, type CatalogueEntry } from '../common/entry.ts'

/** Supabase Auth hooks in the catalogue. */
export const supabaseAuthHooksEntry: CatalogueEntry = {
  name: 'supabase-auth-hooks',
  title: 'Supabase Auth hooks',
  docs: 'https://supabase.com/docs/guides/auth/auth-hooks',
  create: supabaseAuthHooks,
  secretOption: 'secret',
  options: {
    secret: 'Secret of the hook, v1,whsec_…',
    hook: 'Which hook the URL is registered for. Default: told by the payload.',
    ...FAMILY_OPTIONS,
  },
  topics: [
    'send_sms',
    'send_email',
    'custom_access_token',
    'mfa_verification_attempt',
    'password_verification_attempt',
    'before_user_created',
  ],
  handshakes: [],
  contentTypes: [JSON_TYPE],
  retrySpan: 5000,
  canSign: true,
}
