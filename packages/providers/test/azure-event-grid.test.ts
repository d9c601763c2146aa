import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { azureEventGridEntry } from '../src/azure-event-grid.ts'
import { vectors } from './vectors.ts'

testProvider({ ...azureEventGridEntry, vectors: vectors('azure-event-grid') }, { describe, test })
