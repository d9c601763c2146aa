import { memoryLedger } from '@postern/core'
import { describe, test } from 'vitest'
import { testLedger } from '../src/index.ts'

testLedger(() => ({ ledger: memoryLedger() }), { describe, test })
