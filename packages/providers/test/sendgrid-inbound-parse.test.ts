import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { sendgridInboundParseEntry } from '../src/sendgrid-inbound-parse.ts'
import { vectors } from './vectors.ts'

testProvider(
  { ...sendgridInboundParseEntry, vectors: vectors('sendgrid-inbound-parse') },
  { describe, test },
)
