--- `:Orion`: what it does, and what completes it.
local buffers = require('orion.buffers')
local faces = require('orion.faces')
local safe = require('orion.safe')
local stores = require('orion.store')
local views = require('orion.views')

local M = {}

--- Wait of completion for an answer; then there is none.
local completion_max_ms = 300
local completed_max = 50

local function wrong(message)
  faces.tell({ kind = 'invalid_request', message = message, remedy = ':help :Orion' })
end

--- What is under the cursor or in the buffer.
local function subject_here()
  local model = buffers.model(0)
  return model and model.subject and model:subject() or nil
end

--- The type and id that were named, or else what is shown. An id may hold blanks: it is the rest of the words.
local function named(words)
  if #words == 0 then
    local here = subject_here()
    if not here then
      wrong('expected a record type and an id, or the cursor on a record')
      return nil
    end
    return here.type, here.id
  end
  if #words == 1 then
    wrong(('expected an id after %s'):format(words[1]))
    return nil
  end
  return words[1], table.concat(words, ' ', 2)
end

local function proposal_named(words)
  if #words > 0 then
    return words[1], table.concat(words, ' ', 2)
  end
  local here = subject_here()
  if here and here.type == 'Proposal' then
    return here.id, ''
  end
  wrong('expected the id of a proposal, or the cursor on one')
end

--- Opens a record as suits it: a proposal as its review.
function M.open(store, type, id, options)
  if type == 'Proposal' then
    return require('orion.proposal').review(store, id, options)
  end
  require('orion.record').show(store, type, id, options)
end

--- Does something about a record: show, history, diff, edit, review.
function M.about(name, store, type, id, options)
  if name == 'edit' then
    require('orion.edit').open(store, type, id, options)
  elseif name == 'review' then
    require('orion.proposal').review(store, id, options)
  else
    require('orion.record')[name](store, type, id, options)
  end
end

local function for_record(name)
  return {
    complete = 'record',
    run = function(store, words)
      local type, id = named(words)
      if id then
        M.about(name, store, type, id)
      end
    end,
  }
end

local function for_proposal(name)
  return {
    complete = 'proposal',
    run = function(store, words)
      local id, rest = proposal_named(words)
      if id then
        require('orion.proposal')[name](store, id, name == 'reject' and rest or nil)
      end
    end,
  }
end

local function status_text(store)
  local state = store.state
  local lines = { { ('orion: %s'):format(state) } }
  if store.hello then
    table.insert(lines, {
      ('\n%s %s, store %s, as %s (%s)'):format(
        store.hello.server.name,
        store.hello.server.version,
        store.hello.storeId,
        safe.line(store.hello.principal),
        table.concat(store.hello.scopes, ', ')
      ),
    })
  end
  table.insert(lines, { '\n' .. store.root })
  vim.api.nvim_echo(lines, false, {})
  if store.problem then
    faces.tell(store.problem)
  end
end

--- The commands: what each does with its words, and what may stand in their place.
local commands = {
  show = {
    complete = 'record',
    run = function(store, words)
      local type, id = named(words)
      if id then
        M.about('show', store, type, id)
      end
    end,
  },
  history = for_record('history'),
  edit = for_record('edit'),
  review = for_proposal('review'),
  approve = for_proposal('approve'),
  reject = for_proposal('reject'),
  execute = for_proposal('execute'),
  diff = {
    complete = 'record',
    run = function(store, words)
      local here = subject_here()
      local numbers = #words <= 2 and here and (words[1] or ''):match('^%d*$') and (words[2] or ''):match('^%d*$')
      if numbers then
        return require('orion.record').diff(store, here.type, here.id, { from = tonumber(words[1]), to = tonumber(words[2]) })
      end
      -- `diff TYPE ID`, `diff TYPE ID FROM`, `diff TYPE ID FROM TO`
      local from, to
      words = vim.list_slice(words)
      if #words > 3 and words[#words]:match('^%d+$') and words[#words - 1]:match('^%d+$') then
        to = tonumber(table.remove(words))
      end
      if #words > 2 and words[#words]:match('^%d+$') then
        from = tonumber(table.remove(words))
      end
      local type, id = named(words)
      if id then
        require('orion.record').diff(store, type, id, { from = from, to = to })
      end
    end,
  },
  search = {
    run = function(store, words)
      if #words == 0 then
        return wrong('expected words to search for')
      end
      require('orion.search').open(store, table.concat(words, ' '))
    end,
  },
  watch = {
    complete = 'pattern',
    run = function(store, words)
      require('orion.watch').open(store, words[1] or '*')
    end,
  },
  list = {
    complete = 'type',
    run = function(store, words)
      if not words[1] then
        return wrong('expected a record type')
      end
      require('orion.list').open(store, views.of_type(words[1]), { 'list', words[1] })
    end,
  },
  status = {
    run = function(store)
      store:request('daemon/status', nil, function()
        status_text(store)
      end)
    end,
  },
  reconnect = {
    run = function(store)
      store:restart()
    end,
  },
}

for name, view in pairs(views.all) do
  commands[name] = {
    complete = 'filter',
    run = function(store, words)
      require('orion.list').open(store, view, vim.list_extend({ 'view', name }, { words[1] }), { filter = words[1] })
    end,
  }
end

--- Runs `:Orion WORDS`.
function M.run(given)
  local words = vim.split(vim.trim(given.args), '%s+', { trimempty = true })
  local name = table.remove(words, 1) or 'status'
  local command = commands[name]
  if not command then
    local known = vim.tbl_keys(commands)
    table.sort(known)
    return wrong(('there is no :Orion %s; there are %s'):format(safe.line(name), table.concat(known, ', ')))
  end
  require('orion.paint').define()
  command.run(stores.current(), words)
end

--- Shows what a name means, for `:edit orion://…` and for who goes back to a buffer that was unloaded.
function M.read(buffer, name)
  local parts = buffers.parts(name)
  local store = stores.current()
  local kind = parts and table.remove(parts, 1)
  require('orion.paint').define()
  local options = { buffer = buffer }
  if kind == 'view' and views.all[parts[1]] then
    require('orion.list').open(store, views.all[parts[1]], { 'view', unpack(parts) }, { buffer = buffer, filter = parts[2] })
  elseif kind == 'list' and parts[1] then
    require('orion.list').open(store, views.of_type(parts[1]), { 'list', parts[1] }, options)
  elseif kind == 'watch' and parts[1] then
    require('orion.watch').open(store, parts[1], options)
  elseif kind == 'search' and parts[1] then
    require('orion.search').open(store, parts[1], options)
  elseif kind == 'review' and parts[1] then
    require('orion.proposal').review(store, parts[1], options)
  elseif (kind == 'record' or kind == 'history' or kind == 'edit') and parts[2] then
    local what = kind == 'record' and 'show' or kind
    M.about(what, store, parts[1], parts[2], { buffer = buffer, version = tonumber(parts[3]) })
  else
    wrong(('expected the name of a view or a record, got %s'):format(safe.line(name)))
  end
end

local function beginning_with(lead, words)
  return vim.tbl_filter(function(word)
    return vim.startswith(word, lead)
  end, words)
end

local function type_names(store)
  local answer = store:request_now('type/list', nil, completion_max_ms)
  return answer and vim.tbl_map(function(type)
    return type.name
  end, answer.types) or { 'JobResult', 'OrionActionLog', 'OrionInsight', 'OrionPattern', 'Proposal' }
end

local function ids(store, type, lead, where)
  local params = {
    type = type,
    where = vim.tbl_extend('force', where or {}, lead ~= '' and { id = { startsWith = lead } } or {}),
    fields = {},
    limit = completed_max,
  }
  if next(params.where) == nil then
    params.where = nil
  end
  local answer = store:request_now('record/list', params, completion_max_ms)
  return answer and vim.tbl_map(function(record)
    return record.id
  end, answer.records) or {}
end

local open_states = {
  approve = { status = 'pending' },
  reject = { status = 'pending' },
  execute = { status = 'approved' },
  review = {},
}

--- What may stand in the place of the word that is typed.
function M.complete(lead, line, position)
  local words = vim.split(line:sub(1, position):gsub('^%s*%S+%s+', '', 1), '%s+')
  local names = vim.tbl_keys(commands)
  table.sort(names)
  if #words <= 1 then
    return beginning_with(lead, names)
  end
  local command = commands[words[1]]
  local store = stores.current()
  local kind = command and command.complete
  if (kind == 'record' or kind == 'type') and #words == 2 then
    return beginning_with(lead, type_names(store))
  elseif kind == 'record' and #words == 3 then
    return ids(store, words[2], lead)
  elseif kind == 'proposal' and #words == 2 then
    return ids(store, 'Proposal', lead, open_states[words[1]])
  elseif kind == 'filter' and #words == 2 then
    local filters = vim.tbl_keys(views.all[words[1]].filters or {})
    table.sort(filters)
    return beginning_with(lead, filters)
  elseif kind == 'pattern' and #words == 2 then
    return beginning_with(lead, vim.tbl_map(function(type)
      return type .. '.*'
    end, type_names(store)))
  end
  return {}
end

--- The names of the commands, for the help's test.
function M.names()
  local names = vim.tbl_keys(commands)
  table.sort(names)
  return names
end

return M
