import { describe } from 'vitest'
import { oddJournal } from '../../../test/contract/odd-journal.ts'
import { oddRows } from '../../../test/contract/odd-rows.ts'
import { sqliteScene } from './scene.ts'

describe('sqliteInbox and rows that cannot be read', () => {
  const { open, edit } = sqliteScene()
  const spans = { table: 'postern_spans', spoilt: "x'ff'" }
  const change = (statement: string): void => edit((db) => db.exec(statement))
  oddRows(() => ({ open, change }))
  oddJournal(() => ({ open, change, spans }))
})
