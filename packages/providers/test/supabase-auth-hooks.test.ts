import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { supabaseAuthHooksEntry } from '../src/supabase-auth-hooks.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: [
    'v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    'v1,whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
  ],
  draft: { topic: 'send_sms', id: '4f2b1c9a', payload: { sms: { otp: '561166' } } },
} as const

testProvider(
  { ...supabaseAuthHooksEntry, vectors: vectors('supabase-auth-hooks'), sign },
  { describe, test },
)
