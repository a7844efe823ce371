--- Editing a record as JSON. Writing the buffer changes the fields that were changed in it, against the version that it was
--- made of: when somebody else was first, nothing is written, and theirs is shown beside mine.
local buffers = require('orion.buffers')
local faces = require('orion.faces')
local json = require('orion.json')
local program = require('orion.program')
local safe = require('orion.safe')

local M = {}
local Edit = {}
Edit.__index = Edit

local edit_max_bytes = 1048576
local write_wait_ms = 10000

--- Opens a record for editing. It is read and written by the program, which leaves out nothing: see `orion.program`.
---
---@param options? {buffer?: integer, split?: string, done?: fun(edit: table)}
function M.open(store, type, id, options)
  options = options or {}
  if type == 'Proposal' then
    return faces.tell({ kind = 'forbidden', message = 'a proposal is not edited', remedy = ':Orion review shows what it would change' })
  end
  program.json(store.root, { 'get', type, '--', id }, function(problem, record)
    if problem then
      return faces.tell(problem)
    end
    local text = json.pretty(record.data)
    if #text > edit_max_bytes then
      return faces.tell({
        kind = 'too_large',
        message = ('%s %s has %d bytes; up to %d are edited here'):format(type, id, #text, edit_max_bytes),
        remedy = '`orion update --set @FILE` takes a file',
      })
    end
    if record.lifecycle ~= 'active' then
      return faces.tell({ kind = 'conflict', message = ('%s %s is %s'):format(type, id, record.lifecycle), remedy = '`orion restore` brings it back' })
    end
    local buffer, fresh = buffers.get(store.root, { 'edit', type, id }, { writable = true, buffer = options.buffer })
    local edit = buffers.model(buffer)
    if fresh or not edit then
      edit = setmetatable({ store = store, buffer = buffer, type = type, id = id }, Edit)
      buffers.attach(buffer, edit)
      vim.api.nvim_create_autocmd('BufWriteCmd', {
        buffer = buffer,
        callback = function()
          edit:write(vim.v.cmdbang == 1)
        end,
      })
    elseif vim.bo[buffer].modified then
      buffers.show(buffer, options.split)
      vim.notify('orion: it is being edited already; :edit! begins anew', vim.log.levels.WARN)
      return
    end
    edit:_fill(record)
    buffers.show(buffer, options.split)
    -- The record came through the program; the status line wants the connection.
    store:start()
    if options.done then
      options.done(edit)
    end
  end)
end

--- What commands without an id are about.
function Edit:subject()
  return { type = self.type, id = self.id }
end

function Edit:_fill(record)
  self.base, self.theirs = record, nil
  vim.api.nvim_buf_set_lines(self.buffer, 0, -1, false, vim.split(json.pretty(record.data), '\n'))
  vim.bo[self.buffer].modified = false
end

--- What was changed: fields to set and to unset. Numbers, texts and lists that mean the same are no change.
local function changes(base, mine)
  local set, unset = vim.empty_dict(), {}
  for name, value in pairs(mine) do
    if base[name] == nil or not json.same(base[name], value) then
      set[name] = value
    end
  end
  for name in pairs(base) do
    if mine[name] == nil then
      table.insert(unset, name)
    end
  end
  return set, unset
end

--- Writes. With `over` (`:write!`) against the version of theirs that was shown: still nothing that was not seen is lost.
---@param over boolean
function Edit:write(over)
  if self.writing then
    return vim.notify('orion: it is being written', vim.log.levels.INFO)
  end
  local text = table.concat(vim.api.nvim_buf_get_lines(self.buffer, 0, -1, false), '\n')
  local ok, mine = pcall(json.parse, text)
  if not ok or type(mine) ~= 'table' or (mine[1] ~= nil) then
    local why = ok and 'expected an object' or safe.line(mine)
    return faces.tell({ kind = 'invalid_record', message = 'expected the JSON of an object: ' .. why, remedy = 'nothing was written' })
  end
  local set, unset = changes(self.base.data, mine)
  if next(set) == nil and #unset == 0 then
    vim.bo[self.buffer].modified = false
    return vim.notify('orion: nothing has changed', vim.log.levels.INFO)
  end
  local expected = (over and self.theirs or self.base).version
  self.writing = true
  local args = { 'update', '--expected-version', tostring(expected), '--reason', 'edited in Neovim', '--set', '-' }
  for _, name in ipairs(unset) do
    vim.list_extend(args, { '--unset', name })
  end
  vim.list_extend(args, { '--', self.type, self.id })
  local tick = vim.api.nvim_buf_get_changedtick(self.buffer)
  program.json(self.store.root, args, function(problem, result)
    if problem or not vim.api.nvim_buf_is_valid(self.buffer) then
      self.writing = false
      return problem and vim.schedule(function()
        self:_refused(problem)
      end)
    end
    self:_written(result, tick)
  end, json.pretty(set))
  -- So that `:wq` knows how it went.
  vim.wait(write_wait_ms, function()
    return not self.writing
  end, 10)
end

--- It is written: what is stored now is what further changes are made of. What was typed meanwhile stays.
function Edit:_written(result, tick)
  vim.notify(('orion: %s %s has version %d'):format(self.type, safe.line(self.id), result.version), vim.log.levels.INFO)
  program.json(self.store.root, { 'get', self.type, '--', self.id }, function(problem, record)
    self.writing = false
    if problem or not vim.api.nvim_buf_is_valid(self.buffer) then
      return
    end
    if vim.api.nvim_buf_get_changedtick(self.buffer) == tick then
      self:_fill(record)
    else
      self.base, self.theirs = record, nil
    end
  end)
end

function Edit:_refused(problem)
  local current = problem.data and problem.data.current
  if problem.kind ~= 'conflict' or type(current) ~= 'table' or not current.data then
    return faces.tell(problem)
  end
  local data = problem.data
  self.theirs = current
  vim.notify(
    ('orion: %s was first: %s (version %d). Theirs is on the right. Take over what you want; :write! then writes your changes over version %d, and no other.'):format(
      safe.line(data.changedBy or 'somebody'),
      safe.line(table.concat(data.changedFields or {}, ', ')),
      current.version,
      current.version
    ),
    vim.log.levels.WARN
  )
  self:_show_theirs(current)
end

--- Theirs beside mine, in diff mode.
function Edit:_show_theirs(current)
  buffers.show(self.buffer)
  local mine = vim.api.nvim_get_current_win()
  local theirs = buffers.get(self.store.root, { 'theirs', self.type, self.id })
  if not buffers.model(theirs) then
    buffers.attach(theirs, { keys = {} })
  end
  local lines = {}
  for _, line in ipairs(vim.split(json.pretty(current.data), '\n')) do
    table.insert(lines, { { line } })
  end
  require('orion.paint').put(theirs, lines)
  local window = vim.fn.bufwinid(theirs)
  if window == -1 then
    vim.cmd('rightbelow vsplit')
    window = vim.api.nvim_get_current_win()
    vim.api.nvim_win_set_buf(window, theirs)
  end
  for _, one in ipairs({ mine, window }) do
    vim.api.nvim_win_call(one, function()
      vim.cmd.diffthis()
    end)
  end
  vim.api.nvim_set_current_win(mine)
end

--- Nothing lives on it.
function Edit:close() end

M.changes = changes

return M
