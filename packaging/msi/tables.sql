-- What wixl has no words for: one statement a line, for msibuild; FILE_VERSION stands for the version in four numbers.

-- PATH: "=" makes the variable when installing, "-" takes our part out when removing, "*" means the machine's. What others
-- added stays: Windows Installer edits the list (Environment table).
CREATE TABLE `Environment` (`Environment` CHAR(72) NOT NULL, `Name` CHAR(255) NOT NULL LOCALIZABLE, `Value` CHAR(255) LOCALIZABLE, `Component_` CHAR(72) NOT NULL PRIMARY KEY `Environment`)
INSERT INTO `Environment` (`Environment`, `Name`, `Value`, `Component_`) VALUES ('Path', '=-*PATH', '[~];[PROGRAMDIR]', 'Command')
INSERT INTO `InstallExecuteSequence` (`Action`, `Sequence`) VALUES ('RemoveEnvironmentStrings', 3300)
INSERT INTO `InstallExecuteSequence` (`Action`, `Sequence`) VALUES ('WriteEnvironmentStrings', 5200)

-- The version before goes inside the transaction, so that it is back if the new one cannot be installed.
UPDATE `InstallExecuteSequence` SET `Sequence` = 1501 WHERE `Action` = 'RemoveExistingProducts'

-- Without a version Windows would ask the files' times whether a repair may replace them.
UPDATE `File` SET `Version` = 'FILE_VERSION', `Language` = '1033' WHERE `File` = 'segd.exe'
UPDATE `File` SET `Version` = 'FILE_VERSION', `Language` = '1033' WHERE `File` = 'seg.exe'

-- Steps of the rollback: what they are already (18, of an installed file; 64, may fail; 1024, in the script; 2048, by the
-- system) and 256. wixl has no word for that.
UPDATE `CustomAction` SET `Type` = 3410 WHERE `Action` = 'UndoService'
UPDATE `CustomAction` SET `Type` = 3410 WHERE `Action` = 'RestartService'
UPDATE `CustomAction` SET `Type` = 3410 WHERE `Action` = 'RestoreService'
