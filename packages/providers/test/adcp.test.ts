import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { adcpEntry } from '../src/adcp.ts'
import { vectors } from './vectors.ts'

testProvider({ ...adcpEntry, vectors: vectors('adcp') }, { describe, test })
