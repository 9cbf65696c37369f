// What Studio asks postgres-meta for, as JSON: node list.mjs <URL>
import { PostgresMeta } from '@supabase/postgres-meta'

const meta = new PostgresMeta({ connectionString: process.argv[2], max: 1 })
const found = {}
for (const kind of ['tables', 'views', 'functions', 'columns', 'policies', 'triggers', 'indexes', 'relationships',
  'publications', 'types', 'roles', 'tablePrivileges', 'columnPrivileges']) {
  const { data, error } = await meta[kind].list({})
  if (error) throw new Error(`${kind}: ${error.message}`)
  found[kind] = data
}
await meta.end()
console.log(JSON.stringify(found))
