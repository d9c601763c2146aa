import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { discordEntry } from '../src/discord.ts'
import { vectors } from './vectors.ts'

testProvider({ ...discordEntry, vectors: vectors('discord') }, { describe, test })
