import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { salesforceOutboundEntry } from '../src/salesforce-outbound.ts'
import { vectors } from './vectors.ts'

testProvider(
  { ...salesforceOutboundEntry, vectors: vectors('salesforce-outbound') },
  { describe, test },
)
