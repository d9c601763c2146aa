import { connection } from 'next/server'
import { log } from '../../log'

export async function GET(): Promise<Response> {
  await connection()
  return Response.json(log)
}
