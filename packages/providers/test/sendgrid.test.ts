import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { sendgridEntry } from '../src/sendgrid.ts'
import { vectors } from './vectors.ts'

testProvider({ ...sendgridEntry, vectors: vectors('sendgrid') }, { describe, test })
