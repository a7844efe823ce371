--- A record as a page to read, its history, and what differs between two of its versions.
local buffers = require('orion.buffers')
local faces = require('orion.faces')
local instant = require('orion.instant')
local json = require('orion.json')
local page = require('orion.page')
local safe = require('orion.safe')

local M = {}

--- So much of one field, and of all of them, is shown; the rest is counted.
local field_max_bytes, record_max_bytes = 100000, 500000

local function add_text(lines, text, group)
  local shown = safe.head(text, field_max_bytes)
  for _, line in ipairs(safe.lines(shown)) do
    table.insert(lines, { { '  ' .. line, group } })
  end
  if #shown < #text then
    table.insert(lines, { { ('  … too large to show: %d of %d bytes are here; `orion get` prints all of it'):format(#shown, #text), 'OrionBad' } })
  end
end

--- The fields of a record's data, in the order of their names.
---@return {[1]: string, [2]: string}[][]
function M.data_lines(data)
  local lines, bytes = {}, 0
  local names = vim.tbl_keys(data)
  table.sort(names)
  for _, name in ipairs(names) do
    local value = data[name]
    local text = type(value) == 'string' and value or json.pretty(value)
    table.insert(lines, { { '' } })
    table.insert(lines, { { safe.line(name), 'OrionType' } })
    if bytes > record_max_bytes then
      table.insert(lines, { { ('  … too large to show: %d bytes; `orion get` prints it'):format(#text), 'OrionBad' } })
    else
      add_text(lines, text)
    end
    bytes = bytes + #text
  end
  return lines
end

local function head_lines(record)
  local title = {
    { safe.line(record.type) .. ' ', 'OrionType' },
    { safe.line(record.id), 'OrionId' },
    { '  version ' .. record.version },
    { record.lifecycle ~= 'active' and '  ' .. record.lifecycle or '', 'OrionWait' },
  }
  local made = ('made %s by %s'):format(instant.long(record.createdAt), safe.line(record.createdBy))
  local changed = ('changed %s by %s'):format(instant.long(record.updatedAt), safe.line(record.updatedBy))
  local lines = { title, { { record.version == 1 and made or made .. ', ' .. changed, 'OrionDim' } } }
  if record.quarantined then
    table.insert(lines, { { '! it does not fit its type: ' .. safe.line(record.quarantined.reason), 'OrionBad' } })
  end
  return lines
end

local function same_subject(type, id)
  return function()
    return { type = type, id = id }
  end
end

local function keys_for(store, type, id)
  local function to(name)
    return function()
      require('orion.commands').about(name, store, type, id)
    end
  end
  local keys = {
    { 'gh', to('history'), 'its history' },
    { 'gd', to('diff'), 'what its last change was' },
  }
  if type == 'Proposal' then
    table.insert(keys, { '<CR>', to('review'), 'review it' })
  else
    table.insert(keys, { 'E', to('edit'), 'edit it' })
  end
  return keys
end

--- Shows a record, or an old version of it.
function M.show(store, type, id, options)
  options = options or {}
  local version = options.version
  local parts = { 'record', type, id }
  if version then
    table.insert(parts, tostring(version))
  end
  page.open(store, parts, {
    type = not version and type or nil,
    id = id,
    keys = keys_for(store, type, id),
    subject = same_subject(type, id),
    load = function(done)
      store:request('record/get', { type = type, id = id, version = version }, done)
    end,
    draw = function(record)
      return vim.list_extend(head_lines(record), M.data_lines(record.data))
    end,
  }, options)
end

local history_max = 200

--- Shows the versions of a record, newest first.
function M.history(store, type, id, options)
  local function version_under_cursor(self)
    local line = vim.api.nvim_win_get_cursor(0)[1]
    local one = self.value and self.value.versions[line - 2]
    return one and one.version
  end
  page.open(store, { 'history', type, id }, {
    type = type,
    id = id,
    subject = same_subject(type, id),
    keys = {
      {
        '<CR>',
        function(self)
          local version = version_under_cursor(self)
          if version then
            M.show(store, type, id, { version = version, split = 'split' })
          end
        end,
        'show the version under the cursor',
      },
      {
        'gd',
        function(self)
          local version = version_under_cursor(self)
          if version then
            M.diff(store, type, id, { to = version })
          end
        end,
        'what that version has changed',
      },
    },
    load = function(done)
      store:request('record/history', { type = type, id = id, limit = history_max }, done)
    end,
    draw = function(answer)
      local lines = {
        { { 'History of ', 'OrionTitle' }, { safe.line(type) .. ' ', 'OrionType' }, { safe.line(id), 'OrionId' } },
        { { '' } },
      }
      for _, one in ipairs(answer.versions) do
        table.insert(lines, {
          { ('%5d  '):format(one.version), 'OrionId' },
          { instant.long(one.at) .. '  ', 'OrionDim' },
          { safe.cut(safe.line(one.op), 10, true) },
          { safe.cut(safe.line(one.actor.principal), 18, true) .. '  ' },
          { safe.cut(safe.line(table.concat(one.changedFields or {}, ', ')), 60) },
          { one.reason and '  ' .. safe.cut(safe.line(one.reason), 60) or '', 'OrionDim' },
        })
      end
      if answer.next then
        table.insert(lines, { { ('older ones: orion history %s %s'):format(safe.line(type), safe.line(id)), 'OrionDim' } })
      end
      return lines
    end,
  }, options)
end

local function open_diff(store, left, right)
  local windows = {}
  vim.cmd.tabnew()
  local empty = vim.api.nvim_get_current_buf()
  for index, one in ipairs({ left, right }) do
    if index > 1 then
      vim.cmd('rightbelow vsplit')
    end
    local buffer = buffers.get(store.root, one.parts)
    if not buffers.model(buffer) then
      buffers.attach(buffer, { keys = {} })
    end
    vim.api.nvim_win_set_buf(0, buffer)
    require('orion.paint').put(buffer, one.lines)
    table.insert(windows, vim.api.nvim_get_current_win())
  end
  vim.bo[empty].bufhidden = 'wipe'
  if #vim.fn.win_findbuf(empty) == 0 and vim.api.nvim_buf_is_valid(empty) then
    vim.api.nvim_buf_delete(empty, { force = true })
  end
  for _, window in ipairs(windows) do
    vim.api.nvim_win_call(window, function()
      vim.cmd.diffthis()
    end)
    vim.wo[window].foldenable = false
  end
  return windows
end

--- Shows two versions beside each other, in the editor's own diff mode. Without numbers, the last change.
---
---@param options? {from?: integer, to?: integer, done?: fun()}
function M.diff(store, type, id, options)
  options = options or {}
  local function version(number, done)
    store:request('record/get', { type = type, id = id, version = number }, done)
  end
  version(options.to, function(problem, new)
    if problem then
      return faces.tell(problem)
    end
    local from = options.from or new.version - 1
    if from < 1 then
      return vim.notify('orion: there is no version before the first', vim.log.levels.INFO)
    end
    version(from, function(other_problem, old)
      if other_problem then
        return faces.tell(other_problem)
      end
      local function side(record)
        return {
          parts = { 'version', type, id, tostring(record.version) },
          lines = vim.list_extend(head_lines(record), M.data_lines(record.data)),
        }
      end
      open_diff(store, side(old), side(new))
      if options.done then
        options.done()
      end
    end)
  end)
end

M.open_diff = open_diff
M.head_lines = head_lines

return M
